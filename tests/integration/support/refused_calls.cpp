#include "tests/integration/support/refused_calls.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <string_view>

namespace sma::integration {

namespace {

constexpr const char* kOption = "--refuse-calls";
constexpr int kFixedArguments = 5;  // this program, the option, and its three values

std::uint32_t number(const char* text) { return static_cast<std::uint32_t>(std::stoul(text)); }

}  // namespace

std::vector<std::string> refusing_calls(long first, long last, int error) {
  return {std::filesystem::read_symlink("/proc/self/exe"), kOption, std::to_string(first), std::to_string(last),
          std::to_string(error)};
}

std::optional<int> run_as_wrapper(int argc, char** argv) {
  if (argc <= kFixedArguments || std::string_view(argv[1]) != kOption) return std::nullopt;
  sock_filter program[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JGE | BPF_K, 0, 2, number(argv[2])},
      {BPF_JMP | BPF_JGT | BPF_K, 1, 0, number(argv[3])},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | number(argv[4])},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  const sock_fprog filter{std::size(program), program};
  constexpr int kFailed = 99;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return kFailed;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) return kFailed;
  execv(argv[kFixedArguments], argv + kFixedArguments);
  return kFailed;
}

}  // namespace sma::integration
