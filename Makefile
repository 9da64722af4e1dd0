# bnn: `make` builds build/bnn and build/libbnn.a.
#   make check                            build and run all tests
#   make check-long                       full MNIST by every method against stated bounds, some minutes (set BNN_DATA)
#   make check-report                     reports of all configurations in headless Chromium (Debian: chromium)
#   make laplace-table                    MNIST: Laplace by structure, span and prior precision, ten to twenty minutes (set BNN_DATA)
#   make check-slurm                  a sweep as a job array on a Slurm of this machine (slurm-wlm, munge, root), some minutes
#   make bench                            benchmarks (set BNN_DATA; ROUNDS=9)
#   make check-instructions               instructions of a small step against the number kept in tests/bench
#   make PRECISION=double                 the double build, in build/double/
#   make SANITIZE=address,undefined       an instrumented build, in build/sanitize-.../
#   make CC=clang                         another compiler, in build/clang/
#   make NATIVE=1                         tuned for this processor only
# Every folder under src/ and every test is found by wildcard: a new file needs no edit here.

CC        ?= gcc
ifeq ($(origin CC),default)
CC        := gcc
endif
PRECISION ?= float
SANITIZE  ?=
NATIVE    ?=
ROUNDS    ?= 9
empty     :=
comma     := ,
space     := $(empty) $(empty)

OUT := build
ifneq ($(notdir $(CC)),gcc)
OUT := $(OUT)/$(notdir $(CC))
endif
ifeq ($(PRECISION),double)
OUT := $(OUT)/double
else ifneq ($(PRECISION),float)
$(error PRECISION is float or double, not $(PRECISION))
endif
ifneq ($(SANITIZE),)
OUT := $(OUT)/sanitize-$(subst $(comma),-,$(SANITIZE))
endif
ifneq ($(NATIVE),)
OUT := $(OUT)/native
endif

WARNINGS := -Wall -Wextra -Wshadow -Wconversion
OPTIMISE := -O3 -g -fno-math-errno -fno-trapping-math -ffp-contract=fast
ifneq ($(filter x86_64,$(shell uname -m)),)
OPTIMISE += -mprefer-vector-width=512
endif
ifneq ($(NATIVE),)
OPTIMISE += -march=native
endif
ALL_CFLAGS   := -std=gnu11 $(OPTIMISE) $(WARNINGS) -pthread -Iinclude -Isrc -MMD -MP
ALL_CPPFLAGS := -D_GNU_SOURCE
ifeq ($(PRECISION),double)
ALL_CPPFLAGS += -DBNN_DOUBLE
endif
ifneq ($(SANITIZE),)
ALL_CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -DBNN_SANITIZED
endif
# gsl's own pkg-config line ends in -lgslcblas, reference code that would replace OpenBLAS: never use it.
LIBS := -lgsl -lopenblas -ljansson -lcsv -lz -lmd -ldl -lm

VERSION_ID := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

LIB_SOURCES  := $(filter-out src/cli/%,$(wildcard src/*/*.c))
CLI_SOURCES  := $(wildcard src/cli/*.c)
TEST_SOURCES := $(wildcard tests/test_*.c)
LIB_OBJECTS  := $(LIB_SOURCES:%.c=$(OUT)/obj/%.o)
CLI_OBJECTS  := $(CLI_SOURCES:%.c=$(OUT)/obj/%.o)
BENCH_PARTS  := $(addprefix tests/bench/,bench.c table.c servers.c $(notdir $(wildcard tests/bench/serve_*.c)) serve.c)
BENCHES      := $(patsubst tests/%.c,$(OUT)/%,$(filter-out $(BENCH_PARTS),$(wildcard tests/bench/*.c))) $(OUT)/bench/bench
TESTS        := $(TEST_SOURCES:tests/%.c=$(OUT)/tests/%)

all: $(OUT)/bnn $(OUT)/libbnn.a

$(OUT)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(CPPFLAGS) $(ALL_CFLAGS) $(CFLAGS) -c $< -o $@

# the version text changes with each commit; only this object depends on it
$(OUT)/obj/version-id: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION_ID)' | cmp -s - $@ || echo '$(VERSION_ID)' > $@
$(OUT)/obj/src/run/version.o: $(OUT)/obj/version-id
$(OUT)/obj/src/run/version.o: ALL_CPPFLAGS += -DBNN_COMMIT='"$(VERSION_ID)"'

# written anew each time with all objects: equal base names in two folders would overwrite each other under `ar r`
$(OUT)/libbnn.a: $(LIB_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(OUT)/bnn: $(CLI_OBJECTS) $(OUT)/libbnn.a
	$(CC) $(ALL_CFLAGS) $(CFLAGS) $(LDFLAGS) $(CLI_OBJECTS) $(OUT)/libbnn.a $(LIBS) -o $@

$(OUT)/tests/%: tests/%.c $(OUT)/libbnn.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(CPPFLAGS) $(ALL_CFLAGS) -Itests $(CFLAGS) $(LDFLAGS) $< $(OUT)/libbnn.a -lcmocka $(LIBS) -o $@

$(OUT)/bench/%: tests/bench/%.c $(OUT)/libbnn.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(CPPFLAGS) $(ALL_CFLAGS) $(CFLAGS) $(LDFLAGS) $< $(OUT)/libbnn.a $(LIBS) -o $@

$(OUT)/bench/bench: $(BENCH_PARTS) $(OUT)/libbnn.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(CPPFLAGS) $(filter-out -MMD -MP,$(ALL_CFLAGS)) -Itests/bench $(CFLAGS) $(LDFLAGS) $(BENCH_PARTS) $(OUT)/libbnn.a $(LIBS) -o $@

tests: $(TESTS)

check: all tests
	sh scripts/run-tests.sh $(OUT)

check-long: $(OUT)/bnn
	sh tests/long/mnist.sh $(OUT)/bnn
	sh tests/long/calibration.sh $(OUT)/bnn

laplace-table: $(OUT)/bnn
	sh tests/long/laplace.sh $(OUT)/bnn

check-report: $(OUT)/bnn
	sh tests/long/report.sh $(OUT)/bnn

# ours beside the products, PyTorch and other tools; variance and cost of the gradient estimators on the data sets that BNN_DATA holds
bench: $(OUT)/bnn $(BENCHES)
	$(OUT)/bench/bench --rounds $(ROUNDS)
	$(OUT)/bench/predict
	$(OUT)/bench/gradient_variance configs/yacht-bbb.ini
	$(OUT)/bench/gradient_variance configs/mnist-bbb.ini train.epochs=5
	$(OUT)/bench/gradient_variance configs/mnist-bbb.ini

# instructions of a step, which no other program on the machine can disturb
check-instructions: $(OUT)/bench/bench
	sh tests/bench/instructions.sh $(OUT)/bench/bench

check-slurm: $(OUT)/bnn
	bash tests/long/slurm.sh $(OUT)/bnn

clean:
	rm -rf build

FORCE:
.PHONY: check-instructions all tests check check-long check-report laplace-table bench clean FORCE
.SECONDARY:
-include $(LIB_OBJECTS:.o=.d) $(CLI_OBJECTS:.o=.d) $(TESTS:=.d)
