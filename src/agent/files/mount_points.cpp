#include "agent/files/mount_points.h"

#include <algorithm>
#include <cstddef>

#include "base/whole_number.h"

namespace sma {
namespace {

constexpr int kFieldsBefore = 4;  // ID, parent's ID, device, root
constexpr std::size_t kDigits = 3;
constexpr int kOctal = 8;

std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto code = text[i] == '\\' ? whole_number<unsigned char>(text.substr(i + 1, kDigits), kOctal) : std::nullopt;
    plain += code ? static_cast<char>(*code) : text[i];
    if (code) i += kDigits;
  }
  return plain;
}

}  // namespace

std::vector<std::string> mount_points(std::string_view mountinfo) {
  std::vector<std::string> points;
  while (!mountinfo.empty()) {
    std::string_view line = mountinfo.substr(0, mountinfo.find('\n'));
    mountinfo.remove_prefix(std::min(mountinfo.size(), line.size() + 1));
    for (int field = 0; field < kFieldsBefore && !line.empty(); ++field)
      line.remove_prefix(std::min(line.size(), std::min(line.find(' '), line.size()) + 1));
    if (const std::string_view point = line.substr(0, line.find(' ')); !point.empty())
      points.push_back(unescaped(point));
  }
  return points;
}

}  // namespace sma
