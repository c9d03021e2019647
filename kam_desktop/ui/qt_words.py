"""Qt's own words in Vietnamese: buttons, context menus and the few sentences that Qt says itself."""

from PySide6.QtCore import QCoreApplication, QTranslator

from kam_desktop import language

# English as Qt writes it, without the ampersand of the access key. Qt ships no Vietnamese catalogue of its own.
WORDS = {
    "OK": "Đồng ý", "Cancel": "Huỷ", "Close": "Đóng", "Save": "Lưu", "Save All": "Lưu tất cả", "Open": "Mở",
    "Yes": "Có", "Yes to All": "Có cho tất cả", "No": "Không", "No to All": "Không cho tất cả", "Apply": "Áp dụng",
    "Abort": "Dừng", "Retry": "Thử lại", "Ignore": "Bỏ qua", "Discard": "Bỏ", "Don't Save": "Không lưu",
    "Close without Saving": "Đóng, không lưu", "Help": "Trợ giúp", "Reset": "Đặt lại",
    "Restore Defaults": "Về mặc định", "Show Details...": "Hiện chi tiết…", "Hide Details...": "Ẩn chi tiết…",
    "Undo": "Hoàn tác", "Redo": "Làm lại", "Cut": "Cắt", "Copy": "Sao chép", "Copy Link Location": "Sao chép liên kết",
    "Copy Link": "Sao chép liên kết",
    "Paste": "Dán", "Delete": "Xoá", "Select All": "Chọn tất cả", "Clear": "Xoá trắng",
    "Step up": "Tăng", "Step down": "Giảm", "Insert Unicode control character": "Chèn ký tự điều khiển Unicode",
    "Scroll here": "Cuộn đến đây", "Top": "Đầu", "Bottom": "Cuối", "Left edge": "Mép trái", "Right edge": "Mép phải",
    "Page up": "Trang trước", "Page down": "Trang sau", "Page left": "Trang trái", "Page right": "Trang phải",
    "Scroll up": "Cuộn lên", "Scroll down": "Cuộn xuống", "Scroll left": "Cuộn trái", "Scroll right": "Cuộn phải",
    "Look in:": "Tìm trong:", "File name:": "Tên tệp:", "Files of type:": "Loại tệp:", "Directory:": "Thư mục:",
    "Directories": "Thư mục", "Choose": "Chọn", "Save As": "Lưu thành", "Find Directory": "Tìm thư mục",
    "Open File": "Mở tệp", "Save File": "Lưu tệp", "All Files (*)": "Mọi tệp (*)", "All files (*)": "Mọi tệp (*)",
    "Back": "Lùi", "Forward": "Tiến", "Parent Directory": "Thư mục cha", "Create New Folder": "Tạo thư mục mới",
    "New Folder": "Thư mục mới", "List View": "Danh sách", "Detail View": "Chi tiết",
    "Name": "Tên", "Size": "Kích thước",
    "Type": "Loại", "Kind": "Loại", "Date Modified": "Ngày sửa", "Computer": "Máy này", "My Computer": "Máy này",
    "Drive": "Ổ đĩa", "Folder": "Thư mục", "File": "Tệp", "File Folder": "Thư mục", "Recent Places": "Nơi mới dùng",
    "Remove": "Bỏ ra", "Rename": "Đổi tên", "Show hidden files": "Hiện tệp ẩn", "Unknown": "Không rõ",
    "Sidebar": "Thanh bên", "Files": "Tệp", "Go back": "Lùi lại", "Go forward": "Tiến tới", "Alert": "Lưu ý",
    "Go to the parent directory": "Lên thư mục cha", "Create a New Folder": "Tạo thư mục mới",
    "Change to list view mode": "Xem dạng danh sách", "Change to detail view mode": "Xem chi tiết",
    "%1 already exists.\nDo you want to replace it?": "%1 đã có.\nBạn muốn thay tệp đó?",
    "%1\nFile not found.\nPlease verify the correct file name was given.": "%1\nKhông thấy tệp.\nHãy kiểm tra tên tệp.",
    "%1\nDirectory not found.\nPlease verify the correct directory name was given.":
        "%1\nKhông thấy thư mục.\nHãy kiểm tra tên thư mục.",
    "Are you sure you want to delete '%1'?": "Bạn chắc chắn muốn xoá “%1”?", "Activate": "Mở", "Press": "Bấm",
    "Previous Month": "Tháng trước", "Next Month": "Tháng sau", "Today": "Hôm nay", "More": "Thêm",
}  # fmt: skip


class QtWords(QTranslator):
    """Answers Qt's questions for words while the program speaks Vietnamese; otherwise Qt keeps its English."""

    def translate(self, context: str, source: str, disambiguation: str | None = None, n: int = -1) -> str | None:
        """The Vietnamese words, or None, upon which Qt asks on and keeps its own."""
        if language.current() != "vi":
            return None
        return WORDS.get(source) or WORDS.get(source.replace("&", ""))

    def isEmpty(self) -> bool:
        return False


_words: list[QtWords] = []


def install(app: QCoreApplication) -> None:
    """Let Qt ask us first; once for the life of the application. It follows `language.use` by itself."""
    if not _words:
        _words.append(QtWords())
    app.removeTranslator(_words[0])
    app.installTranslator(_words[0])
