#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/support/temp_folder.h"

namespace sma::integration {

/// What a name server does with each question.
struct NameServerFaults {
  int refusals = 0;                    ///< the first questions are answered with SERVFAIL
  bool silent = false;                 ///< nothing is answered
  bool drops_ipv6 = false;             ///< questions for IPv6 addresses are not answered
  std::chrono::milliseconds delay{0};  ///< before each answer
};

/// A name server of the test's own on a loopback address that nobody else uses. All names have the address 127.0.0.1.
class NameServer {
 public:
  explicit NameServer(NameServerFaults faults);
  ~NameServer();
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] int questions() const { return questions_; }

 private:
  void serve();
  [[nodiscard]] std::string answer(std::string question);

  const NameServerFaults faults_;
  const int socket_;
  std::string address_;
  std::atomic<int> questions_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

/// A root in which an agent asks these name servers, in this order.
void furnish(const TempFolder& root, const std::vector<std::string>& name_servers, const std::string& options);

}  // namespace sma::integration
