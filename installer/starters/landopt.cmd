@echo off
rem landopt from a command prompt; UTF-8, so that Chinese names survive a redirected output.
"%~dp0python\python.exe" -X utf8 -m landopt %*
