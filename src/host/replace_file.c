/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A draft without a name, fsync, a name, rename, fsync of the folder. */
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

/* As those of the old file, if there is one. */
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

/* The file that the links of path lead to, or path itself if there is none yet. */
static char *resolve(const char *path)
{
	char *real = realpath(path, NULL);
	return real || errno != ENOENT ? real : strdup(path);
}

/* Where the new file is written before it takes the old one's place. */
struct draft {
	int fd;
	char *path; /* its name while it has one, beside the old file; NULL: none */
};

#define NAMES_TRIED 100

/* Give the draft a name that no file has: to its fd, or to a new file if that is -1. */
static int take_name(struct draft *draft, const char *real)
{
	char *path, self[32];
	snprintf(self, sizeof(self), "/proc/self/fd/%d", draft->fd);
	for (int i = 0; i < NAMES_TRIED; i++) {
		if (asprintf(&path, "%s.%d.%d", real, (int)getpid(), i) < 0)
			return -1;
		int result = draft->fd < 0
				     ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
				     : linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
		if (result >= 0) {
			draft->fd = draft->fd < 0 ? result : draft->fd;
			draft->path = path;
			return 0;
		}
		free(path);
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

/* A file without a name goes with the process, however that ends. Not every file system has them.
 */
static int open_draft(struct draft *draft, const char *real)
{
	char *copy = strdup(real);
	if (!copy)
		return -1;
	draft->fd = open(dirname(copy), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	free(copy);
	return draft->fd < 0 ? take_name(draft, real) : 0;
}

static int write_draft(struct draft *draft, const char *real, const char *text, size_t length)
{
	if (set_mode(draft->fd, real) < 0 || write_all(draft->fd, text, length) < 0 ||
	    fsync(draft->fd) < 0)
		return -1;
	if (!draft->path && take_name(draft, real) < 0)
		return -1;
	if (rename(draft->path, real) < 0)
		return -1;
	free(draft->path);
	draft->path = NULL;
	return 0;
}

int replace_file_check(const char *path, struct err *err)
{
	struct stat old;
	if (stat(path, &old) < 0 && errno == ENOENT && lstat(path, &old) == 0)
		return err_set(err, ERR_INPUT,
			       "'%s' is a symbolic link to a file that is not there; make that "
			       "file, or give it as FILE",
			       quote(path).text);
	if (stat(path, &old) < 0)
		return 0; /* reading or replacing it tells why */
	if (S_ISREG(old.st_mode))
		return 1;
	return err_set(err, ERR_INPUT,
		       "'%s' is not a regular file; give one as FILE, or - for standard output",
		       quote(path).text);
}

int replace_file(const char *path, const char *text, size_t length, struct err *err)
{
	struct draft draft = {.fd = -1};
	int result = -1;
	char *real = resolve(path);
	if (!real)
		err_sys(err, errno, "cannot write %s", quote(path).text);
	else if (open_draft(&draft, real) < 0)
		err_sys(err, errno, "cannot make a file beside %s", quote(real).text);
	else if (write_draft(&draft, real, text, length) < 0)
		err_sys(err, errno, "cannot write %s, which stays as it was", quote(real).text);
	else if (sync_folder(real) < 0)
		err_sys(err, errno, "%s is written, but its folder could not be synced",
			quote(real).text);
	else
		result = 0;
	if (draft.path)
		unlink(draft.path);
	if (draft.fd >= 0)
		close(draft.fd);
	free(draft.path);
	free(real);
	return result;
}
