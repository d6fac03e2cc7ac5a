# emulated.sh FOLDER PYTHON EMULATOR...: makes FOLDER a virtual environment whose python, and each that it starts, is
# PYTHON under the EMULATOR
folder=$PWD/$1 python=$2
shift 2
mkdir -p "$folder/bin"
printf 'home = %s\ninclude-system-site-packages = false\n' "$(dirname "$python")" > "$folder/pyvenv.cfg"
printf '#!/bin/sh\nexec %s -0 "$0" %s "$@"\n' "$*" "$python" > "$folder/bin/python"  # -0: by that name it finds FOLDER
chmod +x "$folder/bin/python"
