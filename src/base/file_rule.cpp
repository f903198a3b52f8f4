#include "base/file_rule.h"

#include <linux/magic.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>
#include <utility>

namespace sma {
namespace {

constexpr const char* kSecondName = "it has a second name (a hard link)";
constexpr int kLinkLimit = 40;  // as the kernel's
constexpr mode_t kOthersWrite = S_IWOTH;
constexpr mode_t kOthersAccess = S_IROTH | S_IWOTH;

bool is_trusted(uid_t owner) { return owner == 0 || owner == ::geteuid(); }

bool is_shared(const struct stat& folder) {
  return (folder.st_mode & kOthersWrite) != 0 && (folder.st_mode & S_ISVTX) != 0;
}

bool is_open(const struct stat& folder) {
  return (folder.st_mode & kOthersWrite) != 0 && (folder.st_mode & S_ISVTX) == 0;
}

std::string user(uid_t owner) { return "user " + std::to_string(owner); }

/// The links of /proc (`/dev/fd/3`, `/proc/self/cwd`) belong to the kernel, and their text is often no path.
bool is_in_proc(const std::string& folder) {
  struct statfs system {};
  return ::statfs(folder.c_str(), &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

/// Follows a path as the kernel does, part by part, and looks at the owner of each.
class Walk {
 public:
  explicit Walk(const std::string& path) : rest_(path) { restart(); }

  /// The fault's message is the reason alone.
  Result<Done> to_the_end() {
    while (auto part = next_part()) {
      if (*part == ".") continue;
      Result<Done> stepped = step(folder_ == "/" ? "/" + *part : folder_ + "/" + *part);
      if (!stepped.ok()) return stepped;
    }
    return Done{};
  }

  /// Where it ended, and the folder that this is in.
  [[nodiscard]] const struct stat& end() const { return entry_; }
  [[nodiscard]] const struct stat& folder_of_end() const { return in_; }

 private:
  static Fault failed() { return Fault::internal(std::strerror(errno)); }

  /// `rest_` begins with a slash, or is relative to `folder_`.
  void restart() {
    if (rest_.starts_with('/')) folder_ = "/";
    if (folder_.empty()) folder_ = ".";
    // The end, if no part follows.
    if (::stat(folder_.c_str(), &entry_) == 0) in_ = entry_;
  }

  std::optional<std::string> next_part() {
    rest_.erase(0, rest_.find_first_not_of('/'));
    if (rest_.empty()) return std::nullopt;
    std::string part = rest_.substr(0, rest_.find('/'));
    rest_.erase(0, part.size());
    return part;
  }

  Result<Done> step(const std::string& path) {
    if (::stat(folder_.c_str(), &in_) != 0) return failed();
    const bool in_proc = is_in_proc(folder_);
    if ((in_proc ? ::stat(path.c_str(), &entry_) : ::lstat(path.c_str(), &entry_)) != 0) return failed();
    if (!in_proc && is_shared(in_) && !is_trusted(entry_.st_uid))
      return Fault::internal(path + " belongs to " + user(entry_.st_uid) + ", and everybody can write in its folder");
    if (S_ISLNK(entry_.st_mode)) return follow(path);
    folder_ = path;
    return Done{};
  }

  Result<Done> follow(const std::string& link) {
    std::array<char, PATH_MAX> target;
    const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
    if (size < 0) return failed();
    if (++links_ > kLinkLimit) return Fault::internal(std::strerror(ELOOP));
    rest_ = std::string(target.data(), static_cast<std::size_t>(size)) + "/" + rest_;
    restart();
    return Done{};
  }

  std::string rest_;
  std::string folder_{};
  struct stat in_ {};
  struct stat entry_ {};
  int links_ = 0;
};

/// Why it is no file of our own, if it is none.
std::optional<std::string> why_not_own(const struct stat& opened) {
  if (!S_ISREG(opened.st_mode)) return "it is not a regular file";
  if (!is_trusted(opened.st_uid)) return "it belongs to " + user(opened.st_uid);
  if ((opened.st_mode & kOthersAccess) != 0) return "others can read or change it: its mode must be 0640 or narrower";
  if (opened.st_nlink > 1) return kSecondName;
  return std::nullopt;
}

}  // namespace

Result<FilePlace> check_place(const std::string& path, const struct stat& opened, FileRule rule) {
  if (rule == FileRule::own) {
    if (auto why = why_not_own(opened)) return Fault::internal(std::move(*why));
  }
  Walk walk(path);
  const Result<Done> walked = walk.to_the_end();
  if (!walked.ok()) return walked.fault();
  // Who made the second name cannot be known.
  if (is_shared(walk.folder_of_end()) && S_ISREG(opened.st_mode) && opened.st_nlink > 1)
    return Fault::internal(kSecondName);
  // It was looked at after it was opened, so nobody can exchange it in between.
  if (walk.end().st_dev != opened.st_dev || walk.end().st_ino != opened.st_ino)
    return Fault::internal("it was replaced while it was opened");
  return FilePlace{is_open(walk.folder_of_end())};
}

}  // namespace sma
