#include "tests/integration/support/hung_folder.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace sma::integration {

namespace {

/// Mounts a file system on `folder`, and answers its first message; the descriptor of /dev/fuse, or -1.
int mount_mute(const std::filesystem::path& folder) {
  const int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fuse < 0) return -1;
  const std::string options = "fd=" + std::to_string(fuse) + ",rootmode=40000,user_id=0,group_id=0,allow_other";
  if (mount("mute", folder.c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()) != 0) {
    close(fuse);
    return -1;
  }
  alignas(fuse_in_header) std::array<char, 1 << 20> request;
  if (read(fuse, request.data(), request.size()) < static_cast<ssize_t>(sizeof(fuse_in_header)))
    throw std::system_error(errno, std::generic_category(), "/dev/fuse");
  struct {
    fuse_out_header header;
    fuse_init_out init;
  } answer{};
  answer.header.len = sizeof answer;
  answer.header.unique = reinterpret_cast<const fuse_in_header*>(request.data())->unique;
  answer.init.major = FUSE_KERNEL_VERSION;
  answer.init.minor = FUSE_KERNEL_MINOR_VERSION;
  answer.init.max_write = 4096;
  if (write(fuse, &answer, sizeof answer) != sizeof answer)
    throw std::system_error(errno, std::generic_category(), "/dev/fuse");
  return fuse;
}

}  // namespace

bool HungFolder::is_possible() {
  const TempFolder folder;
  const int fuse = mount_mute(folder.path());
  if (fuse < 0) return false;
  umount2(folder.path().c_str(), MNT_DETACH);
  close(fuse);
  return true;
}

HungFolder::HungFolder() {
  std::filesystem::create_directory(folder_.path() / "good");
  std::filesystem::create_directory(folder_.path() / "hung");
  lead_to("good");
  fuse_ = mount_mute(folder_.path() / "hung");
  if (fuse_ < 0) throw std::runtime_error("no FUSE file system can be mounted");
}

HungFolder::~HungFolder() {
  umount2((folder_.path() / "hung").c_str(), MNT_DETACH);
  close(fuse_);
}

std::filesystem::path HungFolder::write(const std::string& name, const std::string& content) const {
  const auto file = folder_.write("good/" + name, content);
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return path(name);
}

void HungFolder::lead_to(const std::string& target) const {
  std::filesystem::create_directory_symlink(target, folder_.path() / "next");
  std::filesystem::rename(folder_.path() / "next", folder_.path() / "current");
}

}  // namespace sma::integration
