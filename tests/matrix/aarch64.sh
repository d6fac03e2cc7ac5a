# aarch64.sh: builds for aarch64, with the Python of Debian 12 and NumPy's wheel for it, both under an emulator, and with
# this machine's cross compiler. The emulated Python is emulated/bin/python.
debootstrap --download-only --arch=arm64 --variant=minbase --include=python3.11,libpython3.11-dev,libgomp1 bookworm debian
for package in debian/var/cache/apt/archives/*.deb; do dpkg -x "$package" aarch64; done
root=$PWD/aarch64
bash -e tests/matrix/emulated.sh emulated "$root/usr/bin/python3.11" qemu-aarch64-static -L "$root"
python -m pip install -q --target emulated/lib/python3.11/site-packages --python-version 3.11 --only-binary :all: \
  --platform manylinux2014_aarch64 --platform manylinux_2_28_aarch64 \
  numpy rich pooch pytest hypothesis setuptools cython threadpoolctl
# the cross compiler would look for Python's headers, and those of what it includes, beside this machine's
export CC=aarch64-linux-gnu-gcc CFLAGS="-I$root/usr/include/python3.11 -idirafter $root/usr/include"
emulated/bin/python setup.py --quiet build_ext --inplace
