#pragma once

#include <curl/curl.h>
#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/log.h"
#include "base/task.h"

namespace sma {

/// The authorities of one state of the file, parsed, and the TLS sessions that they vouched for.
class Trust {
 public:
  struct FreeStore {
    void operator()(X509_STORE* store) const;
  };
  using Store = std::unique_ptr<X509_STORE, FreeStore>;

  /// `folder`: OpenSSL looks there for more, by the hashes of their names; empty: none.
  Trust(Store store, std::string folder);

  /// To be called for each handle before it is handed over. This object must outlive the handle.
  void use_sessions(CURL* easy) const { curl_easy_setopt(easy, CURLOPT_SHARE, sessions_.get()); }
  /// To be called for each TLS context, those of proxies too.
  void use_authorities(SSL_CTX* context) const;

 private:
  struct FreeSessions {
    void operator()(CURLSH* sessions) const { curl_share_cleanup(sessions); }
  };

  Store store_;
  std::string folder_;
  std::unique_ptr<CURLSH, FreeSessions> sessions_;
};

/// Where the authorities are.
struct AuthoritiesPlace {
  std::string file{};                 ///< PEM; may be empty
  std::string folder{};               ///< may be empty
  std::vector<std::string> broken{};  ///< the certificates of `file` that were found broken, and told, at the start
};

/// The certificate authorities that outgoing TLS trusts. The file is read for the first connection. It is looked at for
/// each call, and read again if it was replaced. A replacement that cannot be read, or has no good certificate, is a
/// warning, and what was read before still counts. While the file system hangs, calls wait for it for a moment only.
class Authorities {
 public:
  /// `files` and `log` must outlive this object.
  Authorities(Scheduler& scheduler, const Files& files, Log& log, AuthoritiesPlace place)
      : scheduler_(scheduler), files_(files), log_(log), place_(std::move(place)), tasks_(scheduler) {}

  /// Those in force. Another object than the last time means that the file was replaced. A fault, which names the file,
  /// if none were read yet and they cannot be read now.
  [[nodiscard]] Task<Result<std::shared_ptr<const Trust>>> get(TimePoint deadline);

 private:
  struct Look;
  struct Content;

  void begin_look();
  Task<void> look_at_file(std::shared_ptr<Look> look);
  void keep(Content content);
  void keep_fault(const Fault& fault);
  static Result<Content> read(const Files& files, const std::string& path, std::optional<FileFacts> known);

  Scheduler& scheduler_;
  const Files& files_;
  Log& log_;
  AuthoritiesPlace place_;
  std::optional<FileFacts> facts_;  // of what is in force, or was refused
  std::shared_ptr<const Trust> held_;
  std::optional<Fault> fault_;  // of the last look
  std::shared_ptr<Look> look_;  // under way
  TimePoint next_look_ = TimePoint::min();
  TaskSet tasks_;
};

}  // namespace sma
