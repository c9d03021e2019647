; The installer of KAM Desktop for one user, without administrator rights. Called by build.py.
Target amd64-unicode
Unicode true
SetCompressor /SOLID /FINAL lzma
SetCompressorDictSize 64
ManifestDPIAware true
RequestExecutionLevel user
!include "MUI2.nsh"
!include "FileFunc.nsh"
!include "LogicLib.nsh"
!include "WordFunc.nsh"
!include "TextFunc.nsh"

!define APP "KAM Desktop"
!define PROGRAM "KAM Desktop.exe"
!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\KAM Desktop"
!define CLASSES "Software\Classes"
!define KIND "KAMDesktop.Invitation"

Name "${APP}"
BrandingText "${APP} ${VERSION}"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\${APP}"
InstallDirRegKey HKCU "${KEY}" "InstallLocation"
ShowInstDetails nevershow
ShowUninstDetails nevershow
VIProductVersion "${NUMBERS}"
VIAddVersionKey /LANG=0 "ProductName" "${APP}"
VIAddVersionKey /LANG=0 "FileDescription" "${APP} Setup"
VIAddVersionKey /LANG=0 "FileVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "ProductVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "LegalCopyright" "${APP}"
!ifdef SIGN
  !finalize '${SIGN} "%1"'
  !uninstfinalize '${SIGN} "%1"'
!endif

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_COMPONENTSPAGE_NODESC
!define MUI_FINISHPAGE_NOAUTOCLOSE
!define MUI_FINISHPAGE_RUN "$INSTDIR\${PROGRAM}"
!define MUI_PAGE_HEADER_TEXT "$(ChooseTitle)"
!define MUI_PAGE_HEADER_SUBTEXT "$(ChooseText)"
!define MUI_COMPONENTSPAGE_TEXT_TOP "$(ChooseTop)"
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "Vietnamese"
!insertmacro MUI_LANGUAGE "English"

!macro Words NAME VIETNAMESE ENGLISH
  LangString ${NAME} ${LANG_VIETNAMESE} "${VIETNAMESE}"
  LangString ${NAME} ${LANG_ENGLISH} "${ENGLISH}"
!macroend
!insertmacro Words ChooseTitle "Cài đặt ${APP} ${VERSION}" "Install ${APP} ${VERSION}"
!insertmacro Words ChooseText "Chỉ cho tài khoản Windows của bạn; không cần quyền quản trị." "For your Windows account only; no administrator rights needed."
!insertmacro Words ChooseTop "Bản cũ, nếu có, được thay hẳn. Dữ liệu của bạn được giữ nguyên." "An older version, if there is one, is replaced. Your data stay as they are."
!insertmacro Words PartProgram "Chương trình" "The program"
!insertmacro Words PartDesktop "Biểu tượng trên màn hình nền" "An icon on the desktop"
!insertmacro Words Running "${APP} đang chạy. Hãy đóng cửa sổ của chương trình rồi bấm Thử lại." "${APP} is running. Close its window, then press Retry."
!insertmacro Words NotLaid "Không ghi được các tệp của chương trình. Bản trước vẫn còn và chạy được." "The program's files could not be written. The version before is still there and works."
!insertmacro Words Newer "Máy này đã có bản mới hơn của ${APP}. Không thay đổi gì." "A newer version of ${APP} is on this computer. Nothing was changed."
!insertmacro Words AskData "Xoá cả dữ liệu của bạn (khách hàng, hoá đơn, bản sao lưu) trên máy này?$\r$\n$\r$\nChọn Không để giữ lại." "Also delete your data (customers, invoices, backups) on this computer?$\r$\n$\r$\nChoose No to keep them."
!insertmacro Words Invitation "Thư mời kết nối ${APP}" "${APP} invitation"

Var Before   ; whether an older tree was put aside
Var Done     ; whether the new tree is in place

; Asks until the program has ended; a silent run gives up with status 3 and changes nothing.
!macro WaitForEnd UN
Function ${UN}WaitForEnd
  again:
  StrCpy $2 ""
  FindFirst $0 $1 "$INSTDIR\versions\*"
  next:
  StrCmp $1 "" checked
  ${If} ${FileExists} "$INSTDIR\versions\$1\${PROGRAM}"
    ClearErrors
    FileOpen $3 "$INSTDIR\versions\$1\${PROGRAM}" a
    ${If} ${Errors}
      StrCpy $2 "1"
    ${Else}
      FileClose $3
    ${EndIf}
    ClearErrors
    FileOpen $3 "$INSTDIR\versions\$1\kam-desktop.exe" a
    ${If} ${Errors}
      StrCpy $2 "1"
    ${Else}
      FileClose $3
    ${EndIf}
  ${EndIf}
  FindNext $0 $1
  Goto next
  checked:
  FindClose $0
  ClearErrors
  StrCmp $2 "" free
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(Running)" /SD IDCANCEL IDRETRY again
  SetErrorLevel 3
  Quit
  free:
FunctionEnd
!macroend
!insertmacro WaitForEnd ""
!insertmacro WaitForEnd "un."

; 1.4.0rc2 as 1.4.0.2.2, 1.4.0 as 1.4.0.3.0: so that numbers alone say which is newer.
!macro Dotted VERSION_TEXT RESULT
  ${WordReplace} "${VERSION_TEXT}" "rc" ".2." "+" ${RESULT}
  ${WordReplace} "${RESULT}" "b" ".1." "+" ${RESULT}
  ${WordReplace} "${RESULT}" "a" ".0." "+" ${RESULT}
  ${If} ${RESULT} == "${VERSION_TEXT}"
    StrCpy ${RESULT} "${RESULT}.3.0"
  ${EndIf}
!macroend

; An older version would not understand what the newer one wrote: status 4, nothing is changed.
Function RefuseOlder
  ClearErrors
  FileOpen $3 "$INSTDIR\current" r
  ${IfNot} ${Errors}
    FileRead $3 $4
    FileClose $3
    ${TrimNewLines} "$4" $4
    !insertmacro Dotted "$4" $5
    !insertmacro Dotted "${VERSION}" $6
    ${VersionCompare} "$5" "$6" $7
    ${If} $7 == "1"
      MessageBox MB_OK|MB_ICONSTOP "$(Newer)" /SD IDOK
      SetErrorLevel 4
      Quit
    ${EndIf}
  ${EndIf}
  ClearErrors
FunctionEnd

!macro ChooseLanguage
  System::Call 'kernel32::GetUserDefaultUILanguage() i .r0'
  IntOp $0 $0 & 0x3FF
  StrCpy $LANGUAGE ${LANG_ENGLISH}
  ${If} $0 == 42
    StrCpy $LANGUAGE ${LANG_VIETNAMESE}
  ${EndIf}
  ${GetParameters} $1
  ${GetOptions} $1 "/LANG=" $0
  ${If} $0 == "vi"
    StrCpy $LANGUAGE ${LANG_VIETNAMESE}
  ${ElseIf} $0 == "en"
    StrCpy $LANGUAGE ${LANG_ENGLISH}
  ${EndIf}
  ClearErrors
!macroend

Function .onInit
  !insertmacro ChooseLanguage
FunctionEnd

Function un.onInit
  !insertmacro ChooseLanguage
FunctionEnd

; Puts the tree of before back where the new one could not be laid.
Function RollBack
  ${If} $Done == ""
    SetOutPath "$TEMP"
    ${If} $Before == "1"
      RMDir /r "$INSTDIR\versions"
      Rename "$INSTDIR\versions.before" "$INSTDIR\versions"
      Delete "$INSTDIR\current"
      Rename "$INSTDIR\current.before" "$INSTDIR\current"
    ${EndIf}
  ${EndIf}
FunctionEnd

Function .onInstFailed
  Call RollBack
FunctionEnd

Section "$(PartProgram)"
  SectionIn RO
  StrCpy $Before ""
  StrCpy $Done ""
  Call WaitForEnd
  Call RefuseOlder
  SetOutPath "$INSTDIR"
  ; What an installation that was cut off left: the tree of before is the whole one.
  ${If} ${FileExists} "$INSTDIR\versions.before\*"
    RMDir /r "$INSTDIR\versions"
    Rename "$INSTDIR\versions.before" "$INSTDIR\versions"
    ${If} ${FileExists} "$INSTDIR\current.before"
      Delete "$INSTDIR\current"
      Rename "$INSTDIR\current.before" "$INSTDIR\current"
    ${EndIf}
  ${EndIf}
  ${If} ${FileExists} "$INSTDIR\versions\*"
    CopyFiles /SILENT "$INSTDIR\current" "$INSTDIR\current.before"
    ClearErrors
    Rename "$INSTDIR\versions" "$INSTDIR\versions.before"
    ${If} ${Errors}
      MessageBox MB_OK|MB_ICONSTOP "$(Running)" /SD IDOK
      SetErrorLevel 3
      Quit
    ${EndIf}
    StrCpy $Before "1"
  ${EndIf}
  ClearErrors
  SetOverwrite on
  File /r "${TREE}/*"
  IfErrors failed
  IfFileExists "$INSTDIR\versions\${VERSION}\app\start.py" 0 failed
  IfFileExists "$INSTDIR\versions\${VERSION}\${PROGRAM}" 0 failed
  WriteUninstaller "$INSTDIR\Uninstall.exe"
  IfErrors failed
  StrCpy $Done "1"
  RMDir /r "$INSTDIR\versions.before"
  Delete "$INSTDIR\current.before"
  Delete "$INSTDIR\failed"
  Delete "$INSTDIR\trying"
  ${GetParameters} $1
  ClearErrors
  ${GetOptions} $1 "/PRESET=" $0
  ${IfNot} ${Errors}
    CopyFiles /SILENT "$0" "$INSTDIR\preset.json"
  ${EndIf}
  ClearErrors
  CreateShortcut "$SMPROGRAMS\${APP}.lnk" "$INSTDIR\${PROGRAM}"
  WriteRegStr HKCU "${KEY}" "DisplayName" "${APP}"
  WriteRegStr HKCU "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${KEY}" "Publisher" "${APP}"
  WriteRegStr HKCU "${KEY}" "DisplayIcon" "$INSTDIR\${PROGRAM}"
  WriteRegStr HKCU "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${KEY}" "UninstallString" '"$INSTDIR\Uninstall.exe"'
  WriteRegStr HKCU "${KEY}" "QuietUninstallString" '"$INSTDIR\Uninstall.exe" /S'
  WriteRegDWORD HKCU "${KEY}" "EstimatedSize" ${SIZE_KIB}
  WriteRegDWORD HKCU "${KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${KEY}" "NoRepair" 1
  WriteRegStr HKCU "${CLASSES}\.kamx" "" "${KIND}"
  WriteRegStr HKCU "${CLASSES}\${KIND}" "" "$(Invitation)"
  WriteRegStr HKCU "${CLASSES}\${KIND}\DefaultIcon" "" '"$INSTDIR\${PROGRAM}",1'
  WriteRegStr HKCU "${CLASSES}\${KIND}\shell\open\command" "" '"$INSTDIR\${PROGRAM}" "%1"'
  WriteRegStr HKCU "${CLASSES}\kam" "" "URL:${APP}"
  WriteRegStr HKCU "${CLASSES}\kam" "URL Protocol" ""
  WriteRegStr HKCU "${CLASSES}\kam\shell\open\command" "" '"$INSTDIR\${PROGRAM}" "%1"'
  System::Call 'shell32::SHChangeNotify(i 0x8000000, i 0, p 0, p 0)'
  Goto end
  failed:
  Call RollBack
  MessageBox MB_OK|MB_ICONSTOP "$(NotLaid)" /SD IDOK
  SetErrorLevel 2
  Quit
  end:
SectionEnd

Section /o "$(PartDesktop)"
  CreateShortcut "$DESKTOP\${APP}.lnk" "$INSTDIR\${PROGRAM}"
SectionEnd

Section "Uninstall"
  Call un.WaitForEnd
  SetOutPath "$TEMP"
  ; Only what is ours, by name: the folder may have been chosen by hand and hold other things.
  RMDir /r "$INSTDIR\versions"
  RMDir /r "$INSTDIR\versions.before"
  RMDir /r "$INSTDIR\updates"
  Delete "$INSTDIR\${PROGRAM}"
  Delete "$INSTDIR\kam-desktop.exe"
  Delete "$INSTDIR\current"
  Delete "$INSTDIR\current.before"
  Delete "$INSTDIR\failed"
  Delete "$INSTDIR\trying"
  Delete "$INSTDIR\preset.json"
  Delete "$INSTDIR\Uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\${APP}.lnk"
  Delete "$DESKTOP\${APP}.lnk"
  DeleteRegKey HKCU "${KEY}"
  ReadRegStr $0 HKCU "${CLASSES}\.kamx" ""
  ${If} $0 == "${KIND}"
    DeleteRegKey HKCU "${CLASSES}\.kamx"
  ${EndIf}
  DeleteRegKey HKCU "${CLASSES}\${KIND}"
  DeleteRegKey HKCU "${CLASSES}\kam"
  System::Call 'shell32::SHChangeNotify(i 0x8000000, i 0, p 0, p 0)'
  ${If} ${FileExists} "$LOCALAPPDATA\${APP}\*"
    ${If} ${Silent}
      ${GetParameters} $1
      ClearErrors
      ${GetOptions} $1 "/REMOVEDATA" $0
      ${IfNot} ${Errors}
        RMDir /r "$LOCALAPPDATA\${APP}"
      ${EndIf}
    ${ElseIf} ${Cmd} `MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$(AskData)" IDYES`
      RMDir /r "$LOCALAPPDATA\${APP}"
    ${EndIf}
  ${EndIf}
SectionEnd
