# SPDX-License-Identifier: GPL-2.0-or-later
VERSION = 0.1.0

PREFIX ?= /usr/local
DESTDIR ?=
CC ?= cc
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
BUILD ?= build

LIBS = libip4tc libip6tc libnetfilter_conntrack libmnl smartcols ncursesw
PACKAGES = gcc libc6-dev pkgconf libip4tc-dev libip6tc-dev libnetfilter-conntrack-dev \
	libmnl-dev libsmartcols-dev libncurses-dev libcmocka-dev iproute2 iptables nftables conntrack \
	curl python3 procps util-linux strace tmux bash zsh fish
ROOTS_PACKAGES = debootstrap
BENCH_PACKAGES = containernetworking-plugins socat
LINT_PACKAGES = clang clang-format clang-tidy cppcheck shellcheck mandoc
DEB_PACKAGES = build-essential debhelper lintian man-db systemd

WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wformat=2 -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla
# A packager's own _FORTIFY_SOURCE stands, or the compiler's, where it has one by itself.
FORTIFY := $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS) \
	$(shell $(CC) -O2 -dM -E -x c /dev/null 2>/dev/null)),,-D_FORTIFY_SOURCE=2)
HARDENING = $(FORTIFY) -fstack-protector-strong -fPIE
HARDENING_LD = -pie -Wl,-z,relro,-z,now,--as-needed,-O1
ifdef CI
WARNINGS += -Werror
endif
# Times after 2038, and inodes of any size, on 32 bits too.
WIDE = -D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64
# CFLAGS are the packager's own; these are the project's.
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(WIDE) -DPFWD_VERSION='"$(VERSION)"' -Iinclude \
	$(WARNINGS) $(HARDENING) $(shell $(PKG_CONFIG) --cflags $(LIBS)) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(HARDENING_LD) $(CFLAGS) $(LDFLAGS)
ALL_LIBS = $(shell $(PKG_CONFIG) --libs $(LIBS))

SOURCES = $(wildcard src/*.c src/*/*.c)
OBJECTS = $(SOURCES:%.c=$(BUILD)/%.o)
PURE_SOURCES = $(wildcard src/model/*.c src/syntax/*.c src/conditions/*.c src/filter/*.c \
	src/others/*.c src/adopt/*.c) \
	$(addprefix src/check/,arrival.c facts.c findings.c passage.c results.c rules.c trace.c \
	words.c) \
	$(addprefix src/host/,known.c packet.c) src/screen/view.c \
	$(addprefix src/conns/,lookup.c stale.c repeats.c traffic.c) \
	$(addprefix src/xtables/,rule.c entry.c encode.c decode.c text.c group.c forward_rules.c \
	layout.c exceptions.c build.c tree.c plan.c state.c health.c dump.c foreign.c way.c older.c \
	entry_walk.c other_entry.c) \
	$(addprefix src/nftables/,bucket.c rule.c part.c place.c element.c shape.c wire.c content.c layout.c plan.c \
	health.c words.c guest.c other_set.c other_field.c other_expr.c other_rule.c filter_rule.c)
PURE = $(PURE_SOURCES:%.c=$(BUILD)/%.o)
INNER = $(filter-out $(BUILD)/src/main.o $(BUILD)/src/commands/%,$(OBJECTS))

UNIT_TESTS = $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
KERNEL_TESTS = $(patsubst tests/kernel/%.c,$(BUILD)/tests/kernel/%,$(wildcard tests/kernel/test_*.c))
STORY_TESTS = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/stories/test_*.c tests/stories/*/test_*.c))
STORIES = $(STORY_TESTS)
GOLDEN_TESTS = tests/golden/run
STORY_HELP = $(BUILD)/tests/stories/town.o $(BUILD)/tests/stories/trouble.o
PROGRAM = $(if $(filter build,$(BUILD)),pfwd,$(BUILD)/pfwd)

# libFuzzer comes with clang: on Debian libclang-rt-14-dev
.PHONY: all deps lint-deps bench-deps deb-deps roots-deps beside-deps check check-roots \
	check-beside golden demo demo-check soak bench \
	scale lint analyze asan valgrind coverage fuzz install uninstall deb deb-check clean dist layers

all: $(PROGRAM)

$(PROGRAM): $(OBJECTS)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d) $(wildcard $(BUILD)/tests/*/*.d $(BUILD)/tests/*/*/*.d)

# ---- tests ----

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(PURE)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS) -lcmocka

# Commands run on backends in memory and on a host that is made up.
COMMAND_TESTS = $(addprefix $(BUILD)/tests/unit/,test_commands test_backends test_files test_lists \
	test_change test_metrics test_top)
FAKES = $(addprefix $(BUILD)/tests/unit/,memory_backend.o fake_host.o program.o)
FAKED = $(addprefix $(BUILD)/src/,main.o xtables/% nftables/% host/host.o host/links.o \
	host/memory.o host/netlink.o host/route.o conns/conntrack.o conns/follow.o \
	conns/ctrequest.o conns/ctmessage.o)

$(COMMAND_TESTS): %: %.o $(FAKES) $(filter-out $(FAKED),$(OBJECTS))
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS) -lcmocka

$(BUILD)/tests/kernel/%: $(BUILD)/tests/kernel/%.o $(INNER)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS) -lcmocka

$(STORY_TESTS): %: %.o $(STORY_HELP)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -lcmocka

$(BUILD)/tests/stories/test_memory: $(BUILD)/tests/stories/failing.so
$(BUILD)/tests/stories/nftables/test_lacking: $(BUILD)/tests/stories/lacking.so

$(BUILD)/%.so: %.c
	@mkdir -p $(@D)
	$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIC -shared -o $@ $<

.SECONDARY:

# Stories and golden files are run on each of these.
BACKENDS ?= iptables nftables

check: $(PROGRAM) $(UNIT_TESTS) $(KERNEL_TESTS) $(STORIES)
	PFWD=$(abspath $(PROGRAM)) BACKENDS="$(BACKENDS)" tests/run $(STORIES) \
		$(GOLDEN_TESTS) $(KERNEL_TESTS) $(UNIT_TESTS)

# Write what pfwd prints now into the golden files.
golden: $(PROGRAM)
	WRITE=yes PFWD=$(abspath $(PROGRAM)) BACKENDS="$(BACKENDS)" tests/run tests/golden/run

# Build and check in other Debians, or in those of ROOTS alone (such as trixie-i386). Not in CI: it
# fetches some hundred packages, and takes a `make check` for each.
check-roots:
	tests/roots/run $(ROOTS)

# Beside real firewalls and daemons: make beside-deps check-beside. JOBS is how many run at once.
check-beside: pfwd
	BACKENDS="$(BACKENDS)" tests/beside/run

demo: $(PROGRAM)
	@for backend in $(BACKENDS); do \
		PFWD=$(abspath $(PROGRAM)) PFWD_BACKEND=$$backend tests/demo || exit; done

# Ten broken gateways, and what check says first of each.
demo-check: $(PROGRAM)
	@for backend in $(BACKENDS); do \
		PFWD=$(abspath $(PROGRAM)) PFWD_BACKEND=$$backend tests/demo-check || exit; done

# SOAK_SECONDS (1200) is how long on all BACKENDS, SOAK_SEED repeats a run.
soak: $(PROGRAM)
	PFWD=$(abspath $(PROGRAM)) BACKENDS="$(BACKENDS)" tests/soak/run

# A third of the stories: those in which pfwd does most of the work.
ASAN_STORIES = $(addprefix build/asan/tests/stories/,test_conns test_file test_forms test_many \
	iptables/test_chains iptables/test_hostile once/test_output once/test_save)

asan:
	UBSAN_OPTIONS=halt_on_error=1 $(MAKE) BUILD=build/asan HARDENING= HARDENING_LD= \
		CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
		-fno-sanitize-recover=all" STORIES="$(ASAN_STORIES)" check

# Those stories that neither hurry nor count system calls.
VALGRIND = valgrind -q --error-exitcode=99 --leak-check=full \
	--errors-for-leak-kinds=definite,indirect
VALGRIND_STORIES = $(addprefix $(BUILD)/tests/stories/,test_main_job test_forms test_file \
	test_conns iptables/test_hostile)

valgrind: $(PROGRAM) $(UNIT_TESTS) $(KERNEL_TESTS) $(VALGRIND_STORIES)
	@mkdir -p $(BUILD)/valgrind
	printf '#!/bin/sh\nexec %s %s "$$@"\n' "$(VALGRIND)" "$(abspath $(PROGRAM))" \
		>$(BUILD)/valgrind/pfwd
	chmod 755 $(BUILD)/valgrind/pfwd
	UNDER="$(VALGRIND)" PFWD=$(abspath $(BUILD)/valgrind/pfwd) tests/run $(UNIT_TESTS) \
		$(KERNEL_TESTS) $(VALGRIND_STORIES)

# Needs lcov (Debian: apt-get install lcov). What was killed tells nothing of what it ran, and
# nobody may not write down what he ran: that story of test_privilege fails here.
coverage:
	rm -rf build/coverage
	-$(MAKE) BUILD=build/coverage HARDENING= HARDENING_LD= CFLAGS="-O0 -g --coverage" check
	@cd build/coverage && lcov -q -c -d . --no-external -b $(CURDIR) -o all.info && \
	lcov -q -e all.info '$(CURDIR)/src/*' -o src.info && for part in model syntax conns xtables; do \
		lcov -q -e src.info "$(CURDIR)/src/$$part/*" -o part.info && echo "$$part:" && \
		lcov --summary part.info 2>&1 | grep lines; done

# ---- measuring ----

BENCH_TOOLS = $(patsubst tests/bench/%.c,$(BUILD)/tests/bench/%,$(wildcard tests/bench/*.c))

$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o
	$(CC) $(ALL_LDFLAGS) -o $@ $< $(ALL_LIBS)

# Everything, or BENCH=lookup, making, nftables, beside, conns or top; tests/bench/run tells the other variables.
bench: $(PROGRAM) $(BENCH_TOOLS)
	PFWD=$(abspath $(PROGRAM)) BUILD=$(abspath $(BUILD)) tests/bench/run
	$(if $(BENCH),,$(MAKE) scale)

# How time grows with the number of forwards; SCALE_SIZES="2000 8000" SCALE_SHAPES=two is quick.
scale: $(PROGRAM)
	PFWD=$(abspath $(PROGRAM)) tests/bench/scale.sh

# ---- fuzzing ----

FUZZ_SECONDS ?= 60
FUZZ_TEXT = spec file comment rules
FUZZ_BYTES = decode nftables others
FUZZ_FLAGS = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_CC = clang -std=gnu11 -D_GNU_SOURCE -Iinclude $(FUZZ_FLAGS)

$(BUILD)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(PURE_SOURCES) $(wildcard include/*/*.h)
	@mkdir -p $(@D)
	$(FUZZ_CC) -fsanitize=fuzzer -o $@ $< $(PURE_SOURCES) -lmnl

$(BUILD)/fuzz/seed: tests/fuzz/seed.c $(PURE_SOURCES) $(wildcard include/*/*.h)
	@mkdir -p $(@D)
	$(FUZZ_CC) -o $@ $< $(PURE_SOURCES) -lmnl

# New inputs go to the build's own corpora; the seeds are kept in the repository, or made.
fuzz: $(BUILD)/fuzz/seed $(FUZZ_TEXT:%=$(BUILD)/fuzz/fuzz_%) $(FUZZ_BYTES:%=$(BUILD)/fuzz/fuzz_%)
	@mkdir -p $(FUZZ_TEXT:%=$(BUILD)/fuzz/corpus/%) $(FUZZ_BYTES:%=$(BUILD)/fuzz/corpus/%)
	$(BUILD)/fuzz/seed $(BUILD)/fuzz/corpus
	cd $(BUILD)/fuzz && for what in $(FUZZ_TEXT); do \
		./fuzz_$$what -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
			corpus/$$what $(abspath tests/fuzz/corpus)/$$what || exit; done
	cd $(BUILD)/fuzz && for what in $(FUZZ_BYTES); do \
		./fuzz_$$what -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
			-print_final_stats=1 corpus/$$what || exit; done

# ---- lint ----

# What each room includes and calls, against tests/layers.allow.
layers: $(OBJECTS)
	tests/layers $(BUILD)

TIDY = $(SOURCES:%=tidy/%)
.PHONY: tidy $(TIDY)
tidy: $(TIDY)
$(TIDY): tidy/%:
	clang-tidy --quiet $* -- $(filter-out -Wno%,$(ALL_CFLAGS))

# cmocka 2 calls assert_in_range deprecated, which is an error with CI=1.
lint: layers
	clang-format --dry-run -Werror $(SOURCES) $(wildcard include/*/*.h tests/*/*.[ch] tests/*/*/*.[ch])
	+$(MAKE) -s -j$$(nproc) tidy
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--error-exitcode=1 -Iinclude -DPFWD_VERSION='""' src
	shellcheck tests/run tests/golden/run tests/layers tests/roots/run tests/roots/inside \
		tests/roots/root.sh tests/beside/run tests/beside/install tests/beside/course \
		tests/beside/town.sh tests/beside/programs/*.sh \
		tests/analyze tests/demo tests/demo-check tests/bench/run tests/bench/*.sh tests/soak/run .ci/run \
		tests/package/run tests/package/boot tests/package/story tests/stories/*.sh \
		src/completion/words src/completion/pfwd.bash.in findings/*.sh
	zsh -n src/completion/_pfwd.in
	fish -n src/completion/pfwd.fish.in
	! grep -rn --include='*.c' assert_in_range tests
	mandoc -Tlint -Wwarning man/pfwd.8 man/forwards.conf.5

# gcc's own analyzer: what it finds is mended, or answered there in a comment.
analyze:
	tests/analyze $(SOURCES) -- $(filter-out -Werror,$(ALL_CFLAGS))

# ---- putting it in its place ----

deps:
	@if command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
			--no-install-recommends $(PACKAGES) $(DEPS_MORE); \
	else \
		echo "Install what these Debian packages hold, then run make: $(PACKAGES)"; \
	fi

lint-deps:
	$(MAKE) deps DEPS_MORE="$(LINT_PACKAGES)"

roots-deps beside-deps:
	$(MAKE) deps DEPS_MORE="$(ROOTS_PACKAGES)"

bench-deps:
	$(MAKE) deps DEPS_MORE="$(BENCH_PACKAGES)"

deb-deps:
	$(MAKE) deps DEPS_MORE="$(DEB_PACKAGES)"
	DEBIAN_FRONTEND=noninteractive apt-get build-dep -y -qq --no-install-recommends .

SHARE = $(DESTDIR)$(PREFIX)/share
LIB = $(DESTDIR)$(PREFIX)/lib
UNITDIR ?= $(PREFIX)/lib/systemd/system
# what install puts there and uninstall removes; the administrator's file stays
INSTALLED = $(DESTDIR)$(PREFIX)/sbin/pfwd \
	$(SHARE)/man/man8/pfwd.8 $(SHARE)/man/man5/forwards.conf.5 $(SHARE)/pfwd/words \
	$(SHARE)/bash-completion/completions/pfwd $(SHARE)/zsh/site-functions/_pfwd \
	$(SHARE)/fish/vendor_completions.d/pfwd.fish $(DESTDIR)$(UNITDIR)/pfwd.service \
	$(DESTDIR)$(UNITDIR)/pfwd-after@.service \
	$(DESTDIR)$(UNITDIR)/pfwd-metrics.service $(DESTDIR)$(UNITDIR)/pfwd-metrics.timer \
	$(SHARE)/doc/pfwd/examples/pfwd.rules.yml \
	$(LIB)/modules-load.d/pfwd.conf
# a file, with the places that it speaks of filled in
fill = sed 's|@SBINDIR@|$(PREFIX)/sbin|; s|@SHARE@|$(PREFIX)/share|' $(1) | \
	install -D -m 644 /dev/stdin $(2)

install: $(PROGRAM)
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/sbin/pfwd
	install -D -m 644 man/pfwd.8 $(SHARE)/man/man8/pfwd.8
	install -D -m 644 man/forwards.conf.5 $(SHARE)/man/man5/forwards.conf.5
	install -D -m 755 src/completion/words $(SHARE)/pfwd/words
	$(call fill,src/completion/pfwd.bash.in,$(SHARE)/bash-completion/completions/pfwd)
	$(call fill,src/completion/_pfwd.in,$(SHARE)/zsh/site-functions/_pfwd)
	$(call fill,src/completion/pfwd.fish.in,$(SHARE)/fish/vendor_completions.d/pfwd.fish)
	$(call fill,src/systemd/pfwd.service.in,$(DESTDIR)$(UNITDIR)/pfwd.service)
	$(call fill,src/systemd/pfwd-metrics.service.in,$(DESTDIR)$(UNITDIR)/pfwd-metrics.service)
	install -D -m 644 src/systemd/pfwd-after@.service $(DESTDIR)$(UNITDIR)/pfwd-after@.service
	install -D -m 644 src/systemd/pfwd-metrics.timer $(DESTDIR)$(UNITDIR)/pfwd-metrics.timer
	install -D -m 644 doc/examples/pfwd.rules.yml $(SHARE)/doc/pfwd/examples/pfwd.rules.yml
	install -D -m 644 src/systemd/modules-load.conf $(LIB)/modules-load.d/pfwd.conf
	test -e $(DESTDIR)/etc/pfwd/forwards.conf || \
		install -D -m 644 src/systemd/forwards.conf $(DESTDIR)/etc/pfwd/forwards.conf

uninstall:
	rm -f $(INSTALLED)
	rmdir $(SHARE)/pfwd $(SHARE)/doc/pfwd/examples $(SHARE)/doc/pfwd 2>/dev/null || true

# Built from a copy, so that nothing of it comes to lie between the sources.
DEB = $(abspath $(BUILD))/deb

deb:
	rm -rf $(DEB)
	mkdir -p $(DEB)/pfwd-$(VERSION)
	tar -c --exclude-vcs --exclude=./build --exclude=./pfwd . | tar -x -C $(DEB)/pfwd-$(VERSION)
	cd $(DEB)/pfwd-$(VERSION) && dpkg-buildpackage -us -uc

# Lint it, then install, boot with, upgrade, remove and purge it on a machine in namespaces.
deb-check: deb
	unshare --mount tests/package/run $(DEB)

dist:
	git archive --prefix=pfwd-$(VERSION)/ -o pfwd-$(VERSION).tar.gz HEAD

clean:
	rm -rf build pfwd
