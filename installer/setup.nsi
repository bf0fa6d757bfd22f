; The setup of landopt for one user: no administrator, nothing outside the folder chosen but the start menu and the
; entry of the uninstaller. Filled by installer/stage.py; $$ is NSIS's own dollar.
Unicode true
!include "MUI2.nsh"
Name "landopt $version"
OutFile "$out"
RequestExecutionLevel user
InstallDir "$$LOCALAPPDATA\Programs\landopt"
InstallDirRegKey HKCU "Software\landopt" "folder"
SetCompressor /SOLID zlib
ShowInstDetails nevershow
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\landopt"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "SimpChinese"
!insertmacro MUI_LANGUAGE "English"
LangString PROMPT $${LANG_SIMPCHINESE} "landopt 命令行"
LangString PROMPT $${LANG_ENGLISH} "landopt command prompt"
LangString WORKBENCH $${LANG_SIMPCHINESE} "landopt 工作台"
LangString WORKBENCH $${LANG_ENGLISH} "landopt workbench"

Function .onInit
  ; an older version goes first, by its own uninstaller, so that no module of it stays behind
  ReadRegStr $$0 HKCU "$${UNINSTALL}" "QuietUninstallString"
  StrCmp $$0 "" done
  ExecWait '$$0'
done:
FunctionEnd

Section
  SetOutPath "$$INSTDIR"
  File /r "$stage/*"
  WriteUninstaller "$$INSTDIR\uninstall.exe"
  WriteRegStr HKCU "Software\landopt" "folder" "$$INSTDIR"
  WriteRegStr HKCU "$${UNINSTALL}" "DisplayName" "landopt"
  WriteRegStr HKCU "$${UNINSTALL}" "DisplayVersion" "$version"
  WriteRegStr HKCU "$${UNINSTALL}" "UninstallString" '"$$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "$${UNINSTALL}" "QuietUninstallString" '"$$INSTDIR\uninstall.exe" /S _?=$$INSTDIR'
  WriteRegDWORD HKCU "$${UNINSTALL}" "EstimatedSize" $kilobytes
  WriteRegDWORD HKCU "$${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "$${UNINSTALL}" "NoRepair" 1
  CreateDirectory "$$SMPROGRAMS\landopt"
  SetOutPath "$$DOCUMENTS" ; the folder that the workbench opens with
  CreateShortcut "$$SMPROGRAMS\landopt\$$(WORKBENCH).lnk" "$$INSTDIR\landopt-workbench.cmd" "" "" 0 SW_SHOWMINIMIZED
  CreateShortcut "$$SMPROGRAMS\landopt\$$(PROMPT).lnk" "$$INSTDIR\landopt-prompt.cmd"
SectionEnd

Section "Uninstall"
$removal
Delete "$$INSTDIR\uninstall.exe"
RMDir "$$INSTDIR"
Delete "$$SMPROGRAMS\landopt\$$(WORKBENCH).lnk"
Delete "$$SMPROGRAMS\landopt\$$(PROMPT).lnk"
RMDir "$$SMPROGRAMS\landopt"
DeleteRegKey HKCU "$${UNINSTALL}"
DeleteRegKey HKCU "Software\landopt"
SectionEnd
