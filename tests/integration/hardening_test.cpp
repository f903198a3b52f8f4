#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>

#include "tests/integration/support/agent_with_aws.h"

namespace sma::integration {

namespace {

namespace fs = std::filesystem;

constexpr uid_t kNobody = 65534;

std::string readelf(const std::string& options, const fs::path& file) {
  ChildSettings settings;
  settings.command = {"readelf", options, file};
  settings.environment = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C"}};
  return run(settings).output;
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Another process of the same user, that no privilege helps: 0 where it may do it, else the error.
int error_as_nobody(const std::function<long()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(kNobody) != 0 || setuid(kNobody) != 0) _exit(255);
    _exit(act() < 0 ? errno : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// What another process might try on `pid`.
struct Trials {
  int reading_memory;
  int reading_environment;
  int tracing;
  int reading_by_call;
};

Trials trials(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const std::string memory = folder + "/mem";
  const std::string environment = folder + "/environ";
  char byte = 0;
  const iovec place{&byte, 1};
  return {error_as_nobody([&] { return open(memory.c_str(), O_RDONLY); }),
          error_as_nobody([&] { return open(environment.c_str(), O_RDONLY); }),
          error_as_nobody([&] { return ptrace(PTRACE_SEIZE, pid, nullptr, nullptr); }),
          error_as_nobody([&] { return process_vm_readv(pid, &place, 1, &place, 1, 0); })};
}

}  // namespace

TEST_CASE("the binary is a static PIE with full RELRO, and no page of it can be written and run") {
  const std::string file = readelf("-hlW", agent_binary());
  CHECK(holds(file, "DYN"));
  CHECK_FALSE(holds(file, "INTERP"));
  CHECK(holds(file, "GNU_RELRO"));
  CHECK_FALSE(holds(file, " RWE "));
  const std::size_t stack = file.find("GNU_STACK");
  REQUIRE(stack != std::string::npos);
  CHECK(holds(file.substr(stack, file.find('\n', stack) - stack), " RW "));

  const std::string dynamic = readelf("-dW", agent_binary());
  CHECK(holds(dynamic, "BIND_NOW"));
  for (const char* const unwanted : {"RPATH", "RUNPATH", "NEEDED", "TEXTREL"}) CHECK_FALSE(holds(dynamic, unwanted));
}

TEST_CASE("the binary is small and knows nothing of where it was built") {
  CHECK(fs::file_size(agent_binary()) < 6'000'000);
  const std::string content = read_file(agent_binary());
  CHECK_FALSE(holds(content, agent_binary().parent_path().string()));
  CHECK_FALSE(holds(content, fs::current_path().string()));
  CHECK_FALSE(holds(content, ".cache/secrets-manager-agent"));
}

TEST_CASE("the binary guards its stack, its copies and its indirect calls") {
  const fs::path unstripped = agent_binary().string() + ".debug";
  if (fs::exists(unstripped)) {
    const std::string symbols = readelf("-sW", unstripped);
    CHECK(holds(symbols, "__stack_chk_fail"));
    CHECK(holds(symbols, "__memcpy_chk"));
    CHECK(holds(symbols, "__snprintf_chk"));
  }
#if defined(__x86_64__)
  // The mark that an indirect call must land on (IBT). The C library's own start files may lack it, and then the linker
  // leaves the note out; our functions and the libraries' have it.
  const std::string content = read_file(agent_binary());
  std::size_t marks = 0;
  for (std::size_t at = 0; (at = content.find("\xF3\x0F\x1E\xFA", at)) != std::string::npos; ++at) ++marks;
  CHECK(marks > 5'000);
#endif
}

TEST_CASE("another process of the same user can neither read nor trace it, and it leaves no core") {
  if (!works_as_root({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "true"})) {
    MESSAGE("skipped: changing the user needs root");
    return;
  }
  const TempFolder folder;
  fs::permissions(folder.path(), fs::perms::all);
  fs::copy_file(agent_binary(), folder.path() / "agent");
  const std::string as_nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups ";
  AgentSettings settings;
  settings.wrapper = {"/bin/sh", "-c",
                      "cd " + folder.path().string() + " && ulimit -c unlimited && exec " + as_nobody + "./agent"};
  AgentWithAws scene({}, settings);
  scene.aws.put("hardening/other", "hardening-other-value");
  CHECK(scene.agent().get_secret("hardening/other").status == 200);
  const pid_t pid = scene.agent().child().pid();
  const Trials agent = trials(pid);
  CHECK(agent.reading_memory == EACCES);
  CHECK(agent.reading_environment == EACCES);
  CHECK(agent.tracing == EPERM);
  CHECK(agent.reading_by_call == EPERM);

  // What shows that these would be possible otherwise.
  ChildSettings open_to_all;
  open_to_all.command = {"setpriv", "--reuid=65534",         "--regid=65534", "--clear-groups", "/bin/sh",
                         "-c",      "echo up; exec sleep 60"};
  open_to_all.environment = {{"PATH", "/usr/bin:/bin"}};
  Child control(open_to_all);
  (void)control.wait_for_line("up");
  CHECK(trials(control.pid()).reading_environment == 0);

  const std::string limits = read_file("/proc/" + std::to_string(pid) + "/limits");
  const std::size_t core = limits.find("Max core file size");
  REQUIRE(core != std::string::npos);
  CHECK(limits.substr(core + 18, limits.find("bytes", core) - core - 18).find_first_not_of(" 0") == std::string::npos);
  scene.agent().child().signal(SIGSEGV);
  CHECK(scene.agent().child().wait() == 128 + SIGSEGV);
  for (const auto& entry : fs::directory_iterator(folder.path()))
    CHECK_FALSE(holds(entry.path().filename().string(), "core"));
}

}  // namespace sma::integration
