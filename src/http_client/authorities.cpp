#include "http_client/authorities.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/event.h"
#include "http_client/certificate_bundle.h"

namespace sma {
namespace {

constexpr std::size_t kLimit = std::size_t{16} << 20;
// How long a call waits for a look if there is something to go on with.
constexpr Seconds kWait{1};
constexpr Seconds kPauseAfterHang{60};

Trust::Store new_store() {
  Trust::Store store(X509_STORE_new());
  // Any certificate of the bundle is an anchor, one of an intermediate authority too. As curl does.
  if (store == nullptr || X509_STORE_set_flags(store.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN) != 1)
    std::abort();
  return store;
}

/// A store for one context: what OpenSSL finds in the folder it keeps in the store.
Trust::Store with_folder(X509_STORE* authorities, const std::string& folder) {
  Trust::Store store = new_store();
  STACK_OF(X509)* certificates = X509_STORE_get1_all_certs(authorities);
  for (int i = 0; i < sk_X509_num(certificates); ++i) X509_STORE_add_cert(store.get(), sk_X509_value(certificates, i));
  OSSL_STACK_OF_X509_free(certificates);
  X509_STORE_load_path(store.get(), folder.c_str());
  return store;
}

}  // namespace

void Trust::FreeStore::operator()(X509_STORE* store) const { X509_STORE_free(store); }

// Sessions are shared among the handles of one Trust only: a session is resumed without another look at certificates.
Trust::Trust(Store store, std::string folder)
    : store_(std::move(store)), folder_(std::move(folder)), sessions_(curl_share_init()) {
  if (sessions_ == nullptr ||
      curl_share_setopt(sessions_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK)
    std::abort();
}

void Trust::use_authorities(SSL_CTX* context) const {
  if (folder_.empty()) {
    SSL_CTX_set1_cert_store(context, store_.get());
  } else {
    SSL_CTX_set_cert_store(context, with_folder(store_.get(), folder_).release());
  }
}

/// One look at the file.
struct Authorities::Look {
  explicit Look(Scheduler& scheduler) : begun(scheduler.now()), done(scheduler) {}
  TimePoint begun;
  Event done;
};

/// What a look found.
struct Authorities::Content {
  std::optional<FileFacts> facts{};
  Result<Trust::Store> store = Trust::Store();  // null: nothing new; a fault: why it cannot be used
  std::vector<std::string> broken{};
};

Task<Result<std::shared_ptr<const Trust>>> Authorities::get(TimePoint deadline) {
  if (place_.file.empty()) {
    if (held_ == nullptr) held_ = std::make_shared<const Trust>(new_store(), place_.folder);
    co_return held_;
  }
  if (held_ != nullptr && scheduler_.now() < next_look_) co_return held_;
  if (look_ == nullptr) begin_look();
  const std::shared_ptr<Look> look = look_;
  const TimePoint end = held_ != nullptr ? std::min(deadline, look->begun + kWait) : deadline;
  [[maybe_unused]] const bool done = co_await look->done.wait_until(end);
  if (held_ != nullptr) co_return held_;
  co_return Fault::connection("the certificate authorities: " +
                              (fault_ ? fault_->message : place_.file + " could not be read in time"));
}

void Authorities::begin_look() {
  look_ = std::make_shared<Look>(scheduler_);
  tasks_.start(look_at_file(look_));
}

Task<void> Authorities::look_at_file(std::shared_ptr<Look> look) {
  Task<Result<Content>> asking = files_.ask<Content>(
      place_.file, [path = place_.file, known = facts_](const Files& files) { return read(files, path, known); });
  Result<Content> found = co_await std::move(asking);
  if (found.ok()) {
    keep(std::move(*found));
  } else {
    next_look_ = scheduler_.now() + kPauseAfterHang;
    keep_fault(found.fault());
  }
  look_.reset();
  look->done.set();
}

void Authorities::keep(Content content) {
  facts_ = content.facts;
  if (!content.store.ok()) return keep_fault(content.store.fault());
  if (*content.store == nullptr) return;
  fault_.reset();
  held_ = std::make_shared<const Trust>(std::move(*content.store), place_.folder);
  for (const std::string& place : content.broken) {
    if (std::ranges::find(place_.broken, place) == place_.broken.end())
      log_.warn("a certificate authority is ignored", {{"path", place_.file}, {"reason", place}});
  }
  place_.broken = std::move(content.broken);
}

void Authorities::keep_fault(const Fault& fault) {
  if (held_ != nullptr && (!fault_ || fault_->message != fault.message))
    log_.warn("the certificate authorities cannot be read again; those that were read before still count",
              {{"reason", fault.message}});
  fault_ = fault;
}

/// Runs on a thread.
Result<Authorities::Content> Authorities::read(const Files& files, const std::string& path,
                                               std::optional<FileFacts> known) {
  Content content{.facts = files.facts(path)};
  // A file that is away is about to be replaced.
  if (known && (!content.facts || content.facts == known)) {
    content.facts = known;
    return content;
  }
  const auto text = files.read_trusted(path, kLimit);
  if (!text.ok()) {
    content.facts = known;  // to be tried again
    content.store = text.fault();
    return content;
  }
  Trust::Store store = new_store();
  CertificateBundle bundle(text->view());
  bool has_one = false;
  for (CertificatePointer certificate = bundle.next(); certificate != nullptr; certificate = bundle.next())
    has_one = X509_STORE_add_cert(store.get(), certificate.get()) == 1 || has_one;
  content.broken = bundle.broken();
  if (has_one) {
    content.store = std::move(store);
  } else {
    content.store = Fault::internal(path + " has no certificate (PEM) that can be read");
  }
  return content;
}

}  // namespace sma
