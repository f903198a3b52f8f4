#pragma once

#include <functional>
#include <string>
#include <vector>

namespace sma::integration {

/// A network of the test's own: nothing but a loopback interface, which has the given addresses too
/// (`169.254.169.254/32`, `fd00:ec2::23/128`). `work` runs in it, on a thread of its own, and so do the sockets,
/// threads and children that it makes; with the last of them the namespace is gone, whatever happened.
///
/// What `work` throws fails the test. False, with the reason in `why`, where this user cannot have a namespace.
[[nodiscard]] bool run_in_network_namespace(const std::vector<std::string>& addresses,
                                            const std::function<void()>& work, std::string& why);

}  // namespace sma::integration
