#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace sma {

/// A folder of its own (mode 0700), removed with all that is in it at the end.
struct TempFolder {
  TempFolder() {
    char name[] = "/tmp/sma-test-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  ~TempFolder() { std::filesystem::remove_all(path); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string operator/(const char* name) const { return path / name; }

  std::filesystem::path path;
};

}  // namespace sma
