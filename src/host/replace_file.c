/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Temporary file, fsync, rename, fsync of the folder. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/replace_file.h"

static int write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, text, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		length -= (size_t)n;
	}
	return 0;
}

/* As the old file was, where there is one. */
static int set_mode(int fd, const char *path)
{
	struct stat old;
	if (stat(path, &old) < 0)
		return errno == ENOENT ? fchmod(fd, 0644) : -1;
	if (fchown(fd, old.st_uid, old.st_gid) < 0)
		return -1;
	return fchmod(fd, old.st_mode & 07777);
}

static int sync_folder(const char *path)
{
	char *copy = strdup(path);
	if (!copy)
		return -1;
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)
		return -1;
	int result = fsync(fd);
	close(fd);
	return result;
}

/* The file that the links of path lead to, or path itself where there is none yet. */
static char *resolve(const char *path)
{
	char *real = realpath(path, NULL);
	return real || errno != ENOENT ? real : strdup(path);
}

static int write_beside(const char *path, const char *temporary, int fd, const char *text,
			size_t length)
{
	if (set_mode(fd, path) < 0 || write_all(fd, text, length) < 0 || fsync(fd) < 0 ||
	    rename(temporary, path) < 0)
		return -1;
	return 0;
}

int replace_file(const char *path, const char *text, size_t length, struct err *err)
{
	char *real = resolve(path), *temporary = NULL;
	int fd = -1, result = -1;
	if (!real || asprintf(&temporary, "%s.XXXXXX", real) < 0) {
		temporary = NULL;
		err_sys(err, errno, "cannot write %s", quote(path).text);
		goto out;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		err_sys(err, errno, "cannot make a file beside %s", quote(real).text);
		goto out;
	}
	if (write_beside(real, temporary, fd, text, length) < 0) {
		err_sys(err, errno, "cannot write %s, which stays as it was", quote(real).text);
		unlink(temporary);
		goto out;
	}
	result = sync_folder(real);
	if (result < 0)
		err_sys(err, errno, "%s is written, but its folder could not be synced",
			quote(real).text);
out:
	if (fd >= 0)
		close(fd);
	free(temporary);
	free(real);
	return result;
}
