/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flock with a bound on the time, and the name of who holds it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

#include "host/host.h"
#include "xtables/lock.h"

#define DEFAULT_PATH "/run/xtables.lock"
#define TICK_MICROSECONDS 100000

static void do_nothing(int signal)
{
	(void)signal; /* it only has to interrupt flock */
}

/* Sleep in flock, because there the kernel queues us fairly, and let a timer wake us to look
 * at the clock. The timer repeats: if it fires between the look and the sleep, the next one wakes
 * us. */
static int wait_for(int fd, int64_t deadline)
{
	struct sigaction ours = {.sa_handler = do_nothing}, before;
	struct itimerval tick = {{0, TICK_MICROSECONDS}, {0, TICK_MICROSECONDS}};
	struct itimerval off = {{0, 0}, {0, 0}};
	int result, error;
	sigaction(SIGALRM, &ours, &before);
	setitimer(ITIMER_REAL, &tick, NULL);
	do {
		result = flock(fd, LOCK_EX);
		error = errno;
	} while (result < 0 && error == EINTR && host_clock() < deadline);
	setitimer(ITIMER_REAL, &off, NULL);
	sigaction(SIGALRM, &before, NULL);
	errno = error == EINTR ? EWOULDBLOCK : error;
	return result;
}

/* The process that holds the lock, from /proc/locks; 0 if the system does not tell. */
static int find_holder(int fd)
{
	char line[256];
	struct stat st;
	int found = 0;
	FILE *file = fopen("/proc/locks", "re");
	if (!file)
		return 0;
	if (fstat(fd, &st) < 0)
		st.st_ino = 0;
	while (!found && fgets(line, sizeof(line), file)) {
		unsigned int major, minor;
		unsigned long inode;
		int pid;
		/* "1: FLOCK  ADVISORY  WRITE 708 00:1a:13 0 EOF"; waiters have "->" instead */
		if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%lu", &pid, &major, &minor, &inode) ==
			    4 &&
		    inode == st.st_ino && major == major(st.st_dev) && minor == minor(st.st_dev))
			found = pid;
	}
	fclose(file);
	return found;
}

static void name_process(int pid, char *out, size_t size)
{
	char path[64];
	out[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	FILE *file = pid > 0 ? fopen(path, "re") : NULL;
	if (!file)
		return;
	if (!fgets(out, (int)size, file))
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	fclose(file);
}

static int locked_error(const char *path, int fd, unsigned int seconds, struct err *err)
{
	char name[64], who[256] = "another program";
	int pid = find_holder(fd);
	name_process(pid, name, sizeof(name));
	if (*name)
		snprintf(who, sizeof(who), "%s (process %d)", quote(name).text, pid);
	if (seconds == 0)
		return err_set(
			err, ERR_LOCKED,
			"the xtables lock %s is held by %s; try again, or let pfwd wait with "
			"-w SECONDS",
			quote(path).text, who);
	return err_set(
		err, ERR_LOCKED,
		"the xtables lock %s is held by %s, and was not free within %u s; try again, "
		"or wait longer with -w SECONDS",
		quote(path).text, who, seconds);
}

int lock_take(unsigned int seconds, const struct waiting *waiting, struct err *err)
{
	const char *path = getenv("XTABLES_LOCKFILE");
	if (!path || !*path)
		path = DEFAULT_PATH;
	/* Do not follow a link, which could name any file, nor wait for the other end of a FIFO.
	 * iptables creates the file with the same mode. */
	int fd = open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(
			err, errno,
			"cannot open the xtables lock %s (XTABLES_LOCKFILE can name another)",
			quote(path).text);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK && seconds > 0) {
		if (waiting)
			waiting->tell(waiting->context, "the xtables lock");
		if (wait_for(fd, host_clock() + (int64_t)seconds * 1000000000) == 0)
			return fd;
	}
	int result = errno == EWOULDBLOCK ? locked_error(path, fd, seconds, err)
					  : err_sys(err, errno, "cannot lock %s", quote(path).text);
	close(fd);
	return result;
}

void lock_release(int lock)
{
	if (lock >= 0)
		close(lock);
}
