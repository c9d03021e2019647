/* Which version starts: the same as choose() and is_window() of installer/updates/starter.py, which
   `python -m tests.update.starters` compares case by case. Uses folder and name of launcher.c. */
#define VERSION_ROOM 24
#define MOST_FAILED 100

typedef struct { wchar_t version[VERSION_ROOM], before[VERSION_ROOM], state[8]; } Pointer;

static wchar_t where[LONG_PATH], part[LONG_PATH];
static wchar_t failed[MOST_FAILED + 1][VERSION_ROOM];
static int failed_count;

/* Major, minor, patch, stage (a, b, rc, none), number of the stage; 0 for a text that is no version. */
static int order_of(const wchar_t *text, int order[5]) {
    for (int each = 0; each < 3; each++) {
        int digits = 0;
        order[each] = 0;
        if (*text == L'0') text++, digits = 1;
        else while (digits < 5 && *text >= L'0' && *text <= L'9') order[each] = order[each] * 10 + (*text++ - L'0'), digits++;
        if (!digits || (each < 2 && *text++ != L'.')) return 0;
    }
    order[3] = 3, order[4] = 0;
    if (!*text) return 1;
    if (*text == L'a') order[3] = 0, text++;
    else if (*text == L'b') order[3] = 1, text++;
    else if (text[0] == L'r' && text[1] == L'c') order[3] = 2, text += 2;
    else return 0;
    if (*text == L'0') return 0;
    int digits = 0;
    for (; digits < 4 && *text >= L'0' && *text <= L'9'; digits++) order[4] = order[4] * 10 + (*text++ - L'0');
    return digits && !*text;
}

static int is_version(const wchar_t *text) {
    int order[5];
    return order_of(text, order);
}

static int has(const wchar_t *version) {
    if (!is_version(version)) return 0;
    _snwprintf(where, LONG_PATH - 1, L"%ls\\versions\\%ls\\%ls", folder, version, name);
    return exists(where);
}

/* A small file's bytes as a text; -1 when it cannot be read or is longer. */
static int content(const wchar_t *of, char *text, DWORD room) {
    DWORD count = 0;
    _snwprintf(where, LONG_PATH - 1, L"%ls\\%ls", folder, of);
    HANDLE file = CreateFileW(where, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return -1;
    BOOL read = ReadFile(file, text, room, &count, NULL);
    CloseHandle(file);
    if (!read || count == room) return -1;
    text[count] = 0;
    return (int)count;
}

/* The next line without its end, NULL when there is none; longer ones are cut, so they are no versions. */
static const char *line_of(const char *from, wchar_t *line, int room) {
    if (!*from) return NULL;
    int count = 0;
    for (; *from && *from != '\n'; from++)
        if (count < room - 1 && !(from[0] == '\r' && from[1] == '\n')) line[count++] = (unsigned char)*from;
    line[count] = 0;
    return *from ? from + 1 : from;
}

static int read_pointer(Pointer *now) {
    char text[128];
    int count = content(L"current", text, sizeof text);
    if (count < 1 || text[count - 1] != '\n') return 0;
    const char *from = line_of(text, now->version, VERSION_ROOM);
    if (!from || !(from = line_of(from, now->before, VERSION_ROOM)) || !(from = line_of(from, now->state, 8)) || *from) return 0;
    return is_version(now->version) && (!wcscmp(now->before, L"-") || is_version(now->before)) &&
           (!wcscmp(now->state, L"good") || !wcscmp(now->state, L"new") || !wcscmp(now->state, L"tried"));
}

static int has_failed(const wchar_t *version) {
    for (int each = 0; each < failed_count; each++)
        if (!wcscmp(failed[each], version)) return 1;
    return 0;
}

/* Kept sorted, each once. */
static void add_failed(const wchar_t *version) {
    int place = failed_count;
    if (has_failed(version) || failed_count == MOST_FAILED) return;
    for (; place > 0 && wcscmp(failed[place - 1], version) > 0; place--) wcscpy(failed[place], failed[place - 1]);
    wcscpy(failed[place], version);
    failed_count++;
}

static void read_failed(void) {
    static char text[8192];
    wchar_t line[VERSION_ROOM];
    const char *from = text;
    failed_count = 0;
    if (content(L"failed", text, sizeof text) < 0) return;
    while ((from = line_of(from, line, VERSION_ROOM)))
        if (is_version(line)) add_failed(line);
}

static void newest(wchar_t *best) {
    WIN32_FIND_DATAW each;
    int order[5], best_order[5] = {0}, best_failed = 1;
    best[0] = 0;
    read_failed();
    _snwprintf(path, LONG_PATH - 1, L"%ls\\versions\\*", folder);
    HANDLE search = FindFirstFileW(path, &each);
    if (search == INVALID_HANDLE_VALUE) return;
    do {
        if (wcslen(each.cFileName) >= VERSION_ROOM || !order_of(each.cFileName, order) || !has(each.cFileName)) continue;
        int bad = has_failed(each.cFileName), more = 0;
        for (int at = 0; at < 5 && !more; at++) more = order[at] - best_order[at];
        if (best[0] && (bad > best_failed || (bad == best_failed && more <= 0))) continue;
        wcscpy(best, each.cFileName);
        memcpy(best_order, order, sizeof order);
        best_failed = bad;
    } while (FindNextFileW(search, &each));
    FindClose(search);
}

/* Whole or not at all. */
static int write_whole(const wchar_t *of, const char *text) {
    DWORD count = 0, length = (DWORD)strlen(text);
    _snwprintf(where, LONG_PATH - 1, L"%ls\\%ls", folder, of);
    _snwprintf(part, LONG_PATH - 1, L"%ls.start", where);
    HANDLE file = CreateFileW(part, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) return 0;
    BOOL done = WriteFile(file, text, length, &count, NULL) && count == length && FlushFileBuffers(file);
    CloseHandle(file);
    return done && MoveFileExW(part, where, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH);
}

/* The lock of the first start: nobody else opens the file while the started program, which inherits it, lives. */
static int is_mine(void) {
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    _snwprintf(where, LONG_PATH - 1, L"%ls\\trying", folder);
    HANDLE file = CreateFileW(where, GENERIC_READ | GENERIC_WRITE, 0, &inherited, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    return file != INVALID_HANDLE_VALUE || GetLastError() != ERROR_SHARING_VIOLATION;
}

static int starts_with(const wchar_t *text, const wchar_t *with) { return !wcsncmp(text, with, wcslen(with)); }

static int is_window(void) {
    int count, valued = 0;
    wchar_t **given = CommandLineToArgvW(GetCommandLineW(), &count);
    for (int each = 1; each < count; each++) {
        const wchar_t *word = given[each];
        size_t length = wcslen(word);
        if (valued) valued = 0;
        else if (!wcscmp(word, L"--profile") || !wcscmp(word, L"--lang")) valued = 1;
        else if (!starts_with(word, L"--profile=") && !starts_with(word, L"--lang=") && !starts_with(word, L"kam:") &&
                 !(length >= 5 && !wcscmp(word + length - 5, L".kamx")))
            return 0;
    }
    return 1;
}

/* The version to start, "" for none; writes down what it tries. */
static void choose(int window, wchar_t *chosen) {
    static char text[MOST_FAILED * VERSION_ROOM + VERSION_ROOM];
    Pointer now;
    if (!read_pointer(&now) || !(has(now.version) || has(now.before))) {
        newest(chosen);
        return;
    }
    if (!wcscmp(now.state, L"good") || !has(now.before)) {
        wcscpy(chosen, has(now.version) ? now.version : now.before);
        return;
    }
    wcscpy(chosen, now.before);
    if (!has(now.version) || !window) return;
    if (!is_mine()) {
        wcscpy(chosen, now.version); /* another start of it is under way and may still say that it is well */
        return;
    }
    if (!wcscmp(now.state, L"new")) {
        _snprintf(text, sizeof text - 1, "%ls\n%ls\ntried\n", now.version, now.before);
        if (write_whole(L"current", text)) wcscpy(chosen, now.version);
        return;
    }
    read_failed();
    add_failed(now.version);
    text[0] = 0;
    for (int each = 0, at = 0; each < failed_count; each++) at += sprintf(text + at, "%ls\n", failed[each]);
    if (!write_whole(L"failed", text)) return;
    _snprintf(text, sizeof text - 1, "%ls\n-\ngood\n", now.before);
    write_whole(L"current", text);
}
