#include <doctest/doctest.h>

#include "tests/integration/support/agent_with_aws.h"

namespace sma::integration {

namespace {

/// A root of another system: an nsswitch.conf that asks for services a static binary must not load, with that
/// system's libraries lying ready.
void furnish(const TempFolder& root) {
  root.write("etc/nsswitch.conf", "hosts: files myhostname resolve dns\n");
  root.write("etc/hosts", "127.0.0.1 localhost secrets.test\n");
  root.write("etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
  root.write("tmp/keep", "");
  for (const char* folder : {"lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib64"}) {
    for (const char* name : {"libnss_myhostname.so.2", "libnss_resolve.so.2", "libnss_dns.so.2", "libnss_files.so.2"}) {
      // No library at all behind the names: a program that loads one fails for certain.
      root.write(std::string(folder) + '/' + name,
                 "\x7f"
                 "ELF of another system");
    }
  }
  std::filesystem::copy_file(agent_binary(), root.path() / "agent");
}

}  // namespace

TEST_CASE("names are resolved in a root whose nsswitch.conf asks for other services") {
  if (!works_as_root({"chroot", "/", "true"})) {
    MESSAGE("skipped: chroot needs root");
    return;
  }
  const TempFolder root;
  furnish(root);
  AgentSettings settings;
  // The binary's own path is the wrapper's last word, and is left out.
  settings.wrapper = {"/bin/sh", "-c", "exec chroot " + root.path().string() + " /agent"};
  standin::Standin aws;
  aws.put("nss/found", "nss-found-value");
  settings.environment = aws.environment();
  settings.environment["SMA_LOG_TO_FILE"] = "false";
  settings.environment["AWS_ENDPOINT_URL"] = "http://secrets.test:" + std::to_string(aws.port());
  {
    AgentProcess agent(settings);
    CHECK(agent.get_secret("nss/found").status == 200);
    CHECK(agent.stop() == 0);
  }
  settings.environment["AWS_ENDPOINT_URL"] = "http://nowhere.test:" + std::to_string(aws.port());
  settings.environment["SMA_VALIDATE_CREDENTIALS"] = "false";
  AgentProcess agent(settings);
  const Answer answer = agent.get_secret("nss/found");
  CHECK(answer.status == 502);
  CHECK(member(answer.body, "__type") == "ConnectionError");
  CHECK(agent.get("/ping").status == 200);
}

}  // namespace sma::integration
