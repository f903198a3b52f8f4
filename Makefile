# Builds secrets-manager-agent and its tests. `make help` lists the targets.

# On all cores, unless -j says otherwise.
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif

ARCH ?= $(shell uname -m)
HOST_ARCH := $(shell uname -m)
VERSION := 1.0.0
INIH_VERSION := $(shell sed -n "s/^version=//p" third_party/inih.sh)
SANITIZE ?=
DEBUG_INFO ?= -g1
BUILD := build/$(ARCH)$(if $(SANITIZE),-sanitize)
DEPS := build/third_party/$(ARCH)

ifeq ($(ARCH),$(HOST_ARCH))
CXX := $(if $(filter default,$(origin CXX)),g++,$(CXX))
STRIP ?= strip
else
CXX := $(ARCH)-linux-gnu-g++
STRIP := $(ARCH)-linux-gnu-strip
endif

WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow $(if $(filter true,$(CI)),-Werror)
CPPFLAGS := -Isrc -isystem $(DEPS)/include -DSMA_VERSION='"$(VERSION)"' -MMD -MP
CXXFLAGS := -std=c++20 $(DEBUG_INFO) $(WARNINGS) -ffile-prefix-map=$(CURDIR)=.
HARDENING := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -ffunction-sections -fdata-sections
LDLIBS := -lcurl -lssl -lcrypto -linih -lpthread
LDFLAGS_THIRD_PARTY := -L$(DEPS)/lib
LDFLAGS := $(LDFLAGS_THIRD_PARTY)

ifeq ($(ARCH),x86_64)
HARDENING += -fcf-protection=full
else ifeq ($(ARCH),aarch64)
HARDENING += -mbranch-protection=standard
endif

ifdef SANITIZE
CXXFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS += -fsanitize=address,undefined
else
CXXFLAGS += -O2 $(HARDENING)
LDFLAGS += -static-pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--gc-sections -Wl,-z,pack-relative-relocs \
           -Wl,--build-id=none
endif

# What runs at every request (http_server, secrets, os, base, agent itself) is built for speed, all else for size.
ifndef SANITIZE
$(addsuffix /%.o,$(addprefix $(BUILD)/src/,aws toml http_client agent/configuration agent/client agent/lambda \
  agent/files agent/metrics agent/reference)) $(patsubst %,$(BUILD)/src/agent/%.o,access_check aws_access aws_plan start_check): CXXFLAGS += -Os
endif

sources = $(sort $(shell find $(1) -name '*.cpp' 2>/dev/null))
objects = $(patsubst %.cpp,$(BUILD)/%.o,$(1))

AGENT_SOURCES := $(call sources,src)
LIBRARY_OBJECTS := $(call objects,$(filter-out src/main.cpp,$(AGENT_SOURCES)))
STANDIN_OBJECTS := $(call objects,$(call sources,tests/standin))
UNIT_OBJECTS := $(call objects,$(call sources,tests/unit))
CONFORMANCE_DRIVERS := $(patsubst tests/conformance/%.cpp,$(BUILD)/%,$(wildcard tests/conformance/*_driver.cpp))
INTEGRATION_OBJECTS := $(call objects,$(call sources,tests/integration))

.PHONY: all
all: $(BUILD)/secrets-manager-agent
.DEFAULT_GOAL := all

.DELETE_ON_ERROR:
.SECONDARY:

$(DEPS)/.installed: $(wildcard third_party/*.sh third_party/install) | tools
	third_party/install $(DEPS) $(ARCH)
	@touch $@
# Changes only when a library does.
$(DEPS)/.libraries: $(DEPS)/.installed ;

$(BUILD)/src/main.o: CPPFLAGS += -DSMA_INIH_VERSION='"$(INIH_VERSION)"'
# src is built without exceptions; tests need them.
$(BUILD)/src/%.o: src/%.cpp $(DEPS)/.libraries
	@mkdir -p $(@D)
	@echo "  CXX $@"
	@$(CXX) $(CPPFLAGS) $(CXXFLAGS) -fno-exceptions -c $< -o $@

$(BUILD)/tests/%.o: tests/%.cpp $(DEPS)/.libraries
	@mkdir -p $(@D)
	@echo "  CXX $@"
	@$(CXX) $(CPPFLAGS) -I. $(CXXFLAGS) -O0 -U_FORTIFY_SOURCE -c $< -o $@

$(BUILD)/libagent.a: $(LIBRARY_OBJECTS)
	@rm -f $@
	@$(AR) rcsD $@ $^

# The copy is not for nothing: strip writes in a way that makes the kernel keep, and map, the file in large pieces, which
# shows as 1.5 MB more of resident memory. The unstripped binary stays beside the one that is shipped, for debugging.
$(BUILD)/secrets-manager-agent.debug: $(BUILD)/src/main.o $(BUILD)/libagent.a
	@echo "  LINK $@"
	@$(CXX) $(CXXFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/secrets-manager-agent: $(BUILD)/secrets-manager-agent.debug
	$(if $(SANITIZE),cp $< $@,$(STRIP) -o $@.stripped $< && cp --remove-destination $@.stripped $@ && rm $@.stripped)

# The stand-in's main is left out of the tests, which run it in process.
$(BUILD)/libstandin.a: $(filter-out %/main.o,$(STANDIN_OBJECTS))
	@rm -f $@
	@$(AR) rcsD $@ $^

$(BUILD)/standin: $(BUILD)/tests/standin/main.o $(BUILD)/libstandin.a
	@echo "  LINK $@"
	@$(CXX) $(CXXFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Led through the counters of tests/unit/base/counted_calls.cpp.
COUNTED_CALLS := malloc calloc realloc read write writev send recv accept4 close shutdown setsockopt epoll_wait epoll_ctl

$(BUILD)/unit-tests: $(UNIT_OBJECTS) $(BUILD)/libstandin.a $(BUILD)/libagent.a
	@echo "  LINK $@"
	@$(CXX) $(CXXFLAGS) $(LDFLAGS) $(COUNTED_CALLS:%=-Wl,--wrap=%) -o $@ $^ $(LDLIBS)

# The tests of what the kernel decides, alone: what `test-kernels` needs of the unit tests.
$(BUILD)/os-tests: $(filter $(BUILD)/tests/unit/os/% %/unit/main.o,$(UNIT_OBJECTS)) $(BUILD)/libagent.a
	@echo "  LINK $@"
	@$(CXX) $(CXXFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/integration-tests: $(INTEGRATION_OBJECTS) $(BUILD)/libstandin.a
	@echo "  LINK $@"
	@$(CXX) $(CXXFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/%_driver: $(BUILD)/tests/conformance/%_driver.o $(BUILD)/libagent.a
	@echo "  LINK $@"
	@$(CXX) $(CXXFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/bare_epoll: tests/bench/bare_epoll.cpp
	@echo "  CXX $@"
	@$(CXX) $(CPPFLAGS) $(CXXFLAGS) -o $@ $< -static

.PHONY: standin
standin: $(BUILD)/standin

FUZZ_CXX ?= clang++-16
FUZZ_SOURCES := $(wildcard tests/fuzz/*_fuzz.cpp)
FUZZERS := $(patsubst tests/fuzz/%.cpp,build/fuzz/%,$(FUZZ_SOURCES))
FUZZ_LIBRARY := $(patsubst %.cpp,build/fuzz/%.o,$(filter-out src/main.cpp,$(AGENT_SOURCES)))
# rapidjson 1.1.0 adds offsets to null pointers, in a way that harms nobody.
FUZZ_FLAGS := -std=c++20 -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=pointer-overflow \
              -fno-sanitize-recover=all
SECONDS ?= 60

build/fuzz/src/%.o: src/%.cpp | $(DEPS)/.installed fuzz-tools
	@mkdir -p $(@D)
	$(FUZZ_CXX) $(CPPFLAGS) $(FUZZ_FLAGS) -fno-exceptions -c $< -o $@

build/fuzz/libagent.a: $(FUZZ_LIBRARY)
	@rm -f $@
	ar rcs $@ $^

build/fuzz/%_fuzz: tests/fuzz/%_fuzz.cpp build/fuzz/libagent.a
	$(FUZZ_CXX) $(CPPFLAGS) -I. $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $< build/fuzz/libagent.a $(LDFLAGS_THIRD_PARTY) $(LDLIBS)

.PHONY: fuzz
fuzz: fuzz-tools $(FUZZERS)
	tests/fuzz/run $(SECONDS) $(FUZZERS)

.PHONY: test test-unit test-integration test-conformance
test: test-programs
	tests/run $(BUILD) unit integration $(if $(SANITIZE),,conformance)
test-unit: $(BUILD)/unit-tests
	tests/run $(BUILD) unit
test-integration: test-programs
	tests/run $(BUILD) integration
test-conformance: test-programs
	tests/run $(BUILD) conformance

.PHONY: test-programs
test-programs: all $(BUILD)/standin $(BUILD)/unit-tests $(BUILD)/integration-tests $(if $(SANITIZE),,$(CONFORMANCE_DRIVERS))

.PHONY: demo
demo: all $(BUILD)/standin
	tests/demo $(BUILD)

.PHONY: bench
bench: all $(BUILD)/standin $(BUILD)/bare_epoll
	tests/bench/run $(BUILD)

# OTHER: files of other builds of the agent, which are measured in the same runs.
.PHONY: bench-ratio
RUNS ?= 20
bench-ratio: all $(BUILD)/standin $(BUILD)/bare_epoll
	tests/bench/run-ratio $(BUILD) $(RUNS) $(OTHER)

.PHONY: bench-load
bench-load: all $(BUILD)/standin
	tests/bench/run-load $(BUILD)

PLATFORM_x86_64 := linux/amd64
PLATFORM_aarch64 := linux/arm64
EMPTY_IMAGE := secrets-manager-agent-empty:$(ARCH)

.PHONY: image image-tools
image-tools:
	@tests/setup/docker && tests/setup/base-image
ifeq ($(ARCH),$(HOST_ARCH))
image: image-tools
	docker build -f Dockerfile.agent --target agent --build-arg VERSION=$(VERSION) -t secrets-manager-agent:$(VERSION) .
else
# The older builder sets an image's platform only if something is copied into it.
image: image-tools
	mkdir -p build/empty/app
	printf 'FROM scratch\nCOPY app /app\n' | \
	  docker build --platform $(PLATFORM_$(ARCH)) -t $(EMPTY_IMAGE) -f - build/empty
	docker build -f Dockerfile.agent --target agent --build-arg VERSION=$(VERSION) --build-arg ARCH=$(ARCH) \
	  --build-arg EMPTY=$(EMPTY_IMAGE) -t secrets-manager-agent:$(VERSION)-$(ARCH) .
endif

TIDY_FLAGS = -std=c++20 -fno-exceptions -Isrc -isystem $(DEPS)/include -DSMA_VERSION=\"$(VERSION)\" -DSMA_INIH_VERSION=\"$(INIH_VERSION)\"

FORMATTED = $(shell find src tests -name '*.cpp' -o -name '*.h')

.PHONY: format
format: lint-tools
	clang-format-16 -i $(FORMATTED)

.PHONY: lint
lint: lint-tools | $(DEPS)/.installed
	tests/layers
	tests/documents
	tests/units
	tests/wording
	clang-format-16 --dry-run --Werror $(FORMATTED)
	printf '%s\n' $(AGENT_SOURCES) | xargs -P $(shell nproc) -n 4 sh -c \
	  'clang-tidy-16 --quiet --warnings-as-errors="*" "$$@" -- $(TIDY_FLAGS) 2>/dev/null' sh
	tests/includes $(TIDY_FLAGS)

PREFIX ?= /usr/local

.PHONY: install
install: all
	install -D -m 755 $(BUILD)/secrets-manager-agent $(DESTDIR)$(PREFIX)/bin/secrets-manager-agent
	install -D -m 644 deploy/secrets-manager-agent.1 $(DESTDIR)$(PREFIX)/share/man/man1/secrets-manager-agent.1

.PHONY: lambda-layer
lambda-layer: all
	third_party/require python3:python3
	deploy/lambda/package $(BUILD)/secrets-manager-agent build/lambda-layer-$(ARCH).zip

.PHONY: sbom
sbom: all
	CXX='$(CXX)' deploy/sbom $(VERSION) $(BUILD)/secrets-manager-agent > build/sbom-$(ARCH).json

.PHONY: test-deploy
test-deploy: all $(BUILD)/standin
	tests/deploy/run $(BUILD) $(if $(CONTAINERS),--containers)

# Two builds from two folders, compared byte for byte.
.PHONY: test-reproducible test-reproducible-libraries
test-reproducible: all
	+tests/reproducible $(BUILD)
test-reproducible-libraries: all
	+tests/reproducible $(BUILD) --libraries

.PHONY: test-arm64
test-arm64:
	third_party/require qemu-user-static:qemu-aarch64-static
	$(MAKE) ARCH=aarch64 build/aarch64/secrets-manager-agent build/aarch64/standin build/aarch64/unit-tests
	tests/under-qemu build/aarch64

# Every boot that there is; BOOTS names fewer.
BOOTS ?= x86_64-oldest x86_64-newest x86_64-newest-without-landlock aarch64-oldest aarch64-newest
.PHONY: test-kernels
test-kernels: $(sort $(foreach boot,$(BOOTS),booted-$(firstword $(subst -, ,$(boot)))))
	third_party/require qemu-system-x86:qemu-system-x86_64 qemu-system-arm:qemu-system-aarch64 cpio openssl ca-certificates
	tests/kernels/run build $(BOOTS)
booted-%:
	$(MAKE) ARCH=$* $(addprefix build/$*/,secrets-manager-agent standin os-tests)

.PHONY: clean
clean:
	rm -rf build

.PHONY: help
help:
	@echo 'make                   build the agent: $(BUILD)/secrets-manager-agent'
	@echo 'make demo              run the agent against a stand-in for AWS and print a secret'
	@echo 'make test              unit, integration and conformance tests; SANITIZE=1: with sanitizers'
	@echo 'make test-unit | test-integration | test-conformance'
	@echo 'make fuzz SECONDS=60   every fuzz harness, that long each'
	@echo 'make bench             figures, beside a bare epoll responder and nginx'
	@echo 'make bench-ratio       the two ratios that must not grow, as medians of 20 interleaved runs'
	@echo 'make bench-load        a minute of load: each value checked, memory second by second'
	@echo 'make image             the container image; ARCH=aarch64 for the other architecture'
	@echo 'make test-deploy       what is in deploy/; CONTAINERS=1: in containers too'
	@echo 'make test-reproducible two builds from two folders give the same binary; -libraries: the libraries too'
	@echo 'make test-arm64        unit tests and the demonstration of the arm64 binary, under qemu'
	@echo 'make test-kernels      the agent and its tests of the kernel on kernels of Debian, oldest and newest, x86_64 and arm64'
	@echo 'make install           binary and man page, below DESTDIR and PREFIX'
	@echo 'make lambda-layer      a zip of one file'
	@echo 'make sbom              a CycloneDX list of what is inside'
	@echo 'make format | lint     clang-format; clang-format, clang-tidy, includes, tests for each unit, wording, documents'
	@echo 'make clean             remove build/'
	@echo 'NO_INSTALL=1           with any of them: install no packages, say what is missing'

# What a build needs is installed if the user may do that; otherwise a line says what is missing.
.PHONY: tools lint-tools fuzz-tools
tools:
	@third_party/require g++ make perl curl ca-certificates $(if $(filter $(ARCH),$(HOST_ARCH)),,g++-$(subst _,-,$(ARCH))-linux-gnu)
lint-tools:
	@third_party/require clang-format-16 clang-tidy-16 clang-tools-16 python3:python3
fuzz-tools:
	@third_party/require clang-16 libclang-rt-16-dev

-include $(shell find build -name '*.d' 2>/dev/null)
