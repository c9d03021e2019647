/* The program that people start. In a version's folder it runs Python in this process; in the base folder, where
   "current" lies, it starts the same program of a version with the same arguments: launcher_choose.h says which. */
#include <windows.h>
#include <wchar.h>
#include <stdio.h>

#define LONG_PATH 32768
#ifndef PYTHON_DLL
#define PYTHON_DLL L"python311.dll"
#endif
typedef int (*py_main)(int, wchar_t **);

static wchar_t self[LONG_PATH], folder[LONG_PATH], name[MAX_PATH], path[LONG_PATH], other[LONG_PATH];

static int fail(const wchar_t *what) {
#ifdef CONSOLE
    fwprintf(stderr, L"KAM Desktop: %ls\n", what);
#else
    MessageBoxW(NULL, what, L"KAM Desktop", MB_ICONERROR | MB_OK);
#endif
    return 4;
}

static int exists(const wchar_t *file) { return GetFileAttributesW(file) != INVALID_FILE_ATTRIBUTES; }

/* A text in Vietnamese or English, by the language of the user's Windows. */
static const wchar_t *said(const wchar_t *vietnamese, const wchar_t *english) {
    return PRIMARYLANGID(GetUserDefaultUILanguage()) == LANG_VIETNAMESE ? vietnamese : english;
}

/* After the program's own name on the command line, as it was typed. */
static const wchar_t *rest(const wchar_t *line) {
    int quoted = 0;
    for (; *line && (quoted || (*line != L' ' && *line != L'\t')); line++)
        if (*line == L'"') quoted = !quoted;
    return line;
}

#include "launcher_choose.h"

static int start_version(void) {
    wchar_t version[VERSION_ROOM];
    choose(is_window(), version);
    _snwprintf(path, LONG_PATH - 1, L"%ls\\versions\\%ls\\%ls", folder, version, name);
    if (!version[0] || !exists(path))
        return fail(said(L"Bản cài đặt bị thiếu tệp. Hãy cài lại; dữ liệu của bạn vẫn còn nguyên.",
                         L"This installation is incomplete. Please install again; your data are untouched."));
    const wchar_t *more = rest(GetCommandLineW());
    wchar_t *line = LocalAlloc(LPTR, (wcslen(path) + wcslen(more) + 4) * sizeof(wchar_t));
    wsprintfW(line, L"\"%ls\"", path);
    wcscat(line, more);
    STARTUPINFOW how = {.cb = sizeof how};
    PROCESS_INFORMATION made;
    GetStartupInfoW(&how);
    how.lpReserved = NULL;
    if (!CreateProcessW(path, line, NULL, NULL, TRUE, 0, NULL, NULL, &how, &made))
        return fail(said(L"Không khởi động được chương trình.", L"The program could not be started."));
    AllowSetForegroundWindow(made.dwProcessId);
    DWORD status = 0;
#ifdef CONSOLE
    SetConsoleCtrlHandler(NULL, TRUE); /* Ctrl+C belongs to the one that works */
    WaitForSingleObject(made.hProcess, INFINITE);
    GetExitCodeProcess(made.hProcess, &status);
#endif
    return (int)status;
}

static int run(void) {
    SetDllDirectoryW(L""); /* never from the folder that a file was opened in */
    GetModuleFileNameW(NULL, self, LONG_PATH);
    wcscpy(folder, self);
    wchar_t *last = wcsrchr(folder, L'\\');
    wcsncpy(name, last + 1, MAX_PATH - 1);
    *last = 0;
    _snwprintf(path, LONG_PATH - 1, L"%ls\\python\\%ls", folder, PYTHON_DLL);
    if (!exists(path)) return start_version();
    /* What an administrator put beside the program, for every version of it. */
    _snwprintf(other, LONG_PATH - 1, L"%ls\\..\\..\\preset.json", folder);
    if (exists(other) && !GetEnvironmentVariableW(L"KAM_PRESET", NULL, 0)) SetEnvironmentVariableW(L"KAM_PRESET", other);
    HMODULE library = LoadLibraryExW(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    py_main start = library ? (py_main)(void *)GetProcAddress(library, "Py_Main") : NULL;
    if (!start)
        return fail(said(L"Không nạp được Python của chương trình. Hãy cài lại; dữ liệu của bạn vẫn còn nguyên.",
                         L"The program's Python could not be loaded. Please install again; your data are untouched."));
    int count;
    wchar_t **given = CommandLineToArgvW(GetCommandLineW(), &count);
    wchar_t **all = LocalAlloc(LPTR, (count + 5) * sizeof *all);
    static wchar_t script[LONG_PATH], unbuffered[] = L"-X", mode[] = L"utf8";
    _snwprintf(script, LONG_PATH - 1, L"%ls\\app\\start.py", folder);
    int n = 0;
    all[n++] = self;
    all[n++] = unbuffered;
    all[n++] = mode;
    all[n++] = script;
    for (int each = 1; each < count; each++) all[n++] = given[each];
    return start(n, all);
}

#ifdef CONSOLE
int wmain(void) { return run(); }
#else
int WINAPI wWinMain(HINSTANCE self_, HINSTANCE before, LPWSTR line, int show) { return run(); }
#endif
