// Runs the stand-in as a program, for demonstrations and for tests that are no C++. README.md lists the options.

#include <pthread.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

#include "tests/standin/standin.h"

namespace {

using sma::standin::Standin;
using sma::standin::StandinOptions;

constexpr const char* kUsage =
    "standin [--listen ADDRESS:PORT]... [--secrets FILE.json] [--access-key KEY --secret-key KEY]\n"
    "        [--tls CERTIFICATE.pem KEY.pem] [--groups LIST] [--rotate-every SECONDS] [--role ARN]...\n";

struct CommandLine {
  StandinOptions options;
  std::string secrets_file;
  std::vector<std::string> roles;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

CommandLine parse(int argc, char** argv) {
  CommandLine line;
  std::vector<std::string> listen;
  int i = 1;
  const auto next = [&]() -> std::string {
    if (i >= argc) throw std::runtime_error(std::string(argv[argc - 1]) + " needs a value");
    return argv[i++];
  };
  while (i < argc) {
    const std::string option = next();
    if (option == "--listen") {
      listen.push_back(next());
    } else if (option == "--secrets") {
      line.secrets_file = next();
    } else if (option == "--access-key") {
      line.options.access_key = next();
    } else if (option == "--secret-key") {
      line.options.secret_key = next();
    } else if (option == "--tls") {
      line.options.tls_certificate = next();
      line.options.tls_key = next();
    } else if (option == "--groups") {
      line.options.tls_groups = next();
    } else if (option == "--rotate-every") {
      line.options.rotate_every = std::atof(next().c_str());
    } else if (option == "--role") {
      line.roles.push_back(next());
    } else {
      throw std::runtime_error("unknown option: " + option);
    }
  }
  if (!listen.empty()) line.options.listen = listen;
  return line;
}

int run(const CommandLine& line) {
  // Blocked before any thread starts, so that only sigwait takes them.
  sigset_t endings;
  sigemptyset(&endings);
  sigaddset(&endings, SIGTERM);
  sigaddset(&endings, SIGINT);
  pthread_sigmask(SIG_BLOCK, &endings, nullptr);

  Standin standin(line.options);
  if (!line.secrets_file.empty()) standin.load(read_file(line.secrets_file));
  for (const std::string& arn : line.roles) {
    standin.with([&arn](sma::standin::World& world) {
      sma::standin::Role role;
      role.arn = arn;
      world.add_role(role);
    });
  }
  for (const std::string& address : standin.addresses()) {
    std::cout << "standin listening on " << (line.options.tls_certificate.empty() ? "http://" : "https://") << address
              << std::endl;
  }
  int signal = 0;
  sigwait(&endings, &signal);
  standin.stop();
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(parse(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << "standin: " << error.what() << '\n' << kUsage;
    return EXIT_FAILURE;
  }
}
