# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Roots of Debian by debootstrap, for scripts that run in the project's folder and stop on errors.
# Packages come from where this host's apt gets them, or from ROOTS_MIRROR. A root has mounts,
# processes and a /run of its own, so nothing of the host's is touched; the kernel is the host's.

need_debootstrap() { # WHO
	if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
		echo "$1: needs root, and debootstrap (make roots-deps)" >&2
		exit 1
	fi
}

mirror() {
	set -- apt-get indextargets --format "\$(REPO_URI)" "Created-By: Packages" \
		"Origin: Debian" "Label: Debian"
	[ -n "$("$@")" ] || apt-get update -qq >&2
	"$@" | head -n 1
}

make_root() { # FOLDER SUITE ARCHITECTURE: packages that are installed there start no daemon
	from=${ROOTS_MIRROR:-$(mirror)}
	if [ -z "$from" ]; then
		echo "apt has no archive of Debian's; give one as ROOTS_MIRROR" >&2
		return 1
	fi
	rm -rf "$1"
	mkdir -p "$(dirname "$1")"
	debootstrap --variant=minbase --arch="$3" --include=make,ca-certificates \
		"$2" "$1" "$from" || return 1
	# packages are fetched as the host does it
	apt-config dump Acquire | grep -E '^Acquire::(Check-|Retries|https?::)' \
		>"$1/etc/apt/apt.conf.d/90host" || true
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
	chmod 755 "$1/usr/sbin/policy-rc.d"
}

copy_project() { # FOLDER
	rm -rf "$1/pfwd"
	mkdir "$1/pfwd"
	tar -c --exclude-vcs --exclude=./build --exclude=./pfwd . | tar -x -C "$1/pfwd"
	cp /etc/resolv.conf /etc/hosts "$1/etc/"
}

# pivot_root and not chroot alone: in a chroot nobody may make a user namespace.
enter() { # FOLDER COMMAND...
	# shellcheck disable=SC2016 # the inner shell expands it
	unshare --mount --pid --fork --kill-child --uts sh -eu -c '
		mount --bind "$1" "$1"
		cd "$1"
		shift
		mount -t proc proc proc
		mount -t sysfs sysfs sys
		mount --rbind /dev dev
		mount -t tmpfs none run
		mount -t tmpfs none tmp
		pivot_root . mnt
		exec chroot . sh -eu -c "umount -l /mnt; exec \"\$@\"" sh "$@"' sh "$@"
}
