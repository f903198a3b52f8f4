#include "http_client/name_lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sma {
namespace {

// The system's resolver gives up by itself before that, whatever servers it asks.
constexpr Seconds kLongest{60};

bool is_numeric(const std::string& name) {
  std::array<unsigned char, 16> address;
  return inet_pton(AF_INET, name.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
}

std::string text_of(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* const bytes = address.sa_family == AF_INET
                                ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(address).sin_addr)
                                : static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
  return inet_ntop(address.sa_family, bytes, text.data(), text.size()) == nullptr ? "" : text.data();
}

}  // namespace

Result<Addresses> NameLookup::ask_system(const std::string& name, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (error != 0)
    return Fault::connection("cannot look up " + name + ": " +
                             (error == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(error)));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> held(found, freeaddrinfo);
  Addresses addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next)
    addresses.push_back(text_of(*each->ai_addr));
  return addresses;
}

Task<Result<Addresses>> NameLookup::find(std::string name, bool again, TimePoint deadline) {
  if (is_numeric(name)) co_return Addresses{name};
  Name& known = names_[name];
  if (!again && !known.addresses.empty() && scheduler_.now() < known.fresh_until) co_return known.addresses;

  const std::shared_ptr<Lookup> lookup = known.lookup != nullptr ? known.lookup : start(name);
  const bool has_old = !known.addresses.empty();
  const TimePoint patience = has_old ? std::min(deadline, scheduler_.now() + kPatience) : deadline;
  const bool done = co_await lookup->done.wait_until(patience);
  if (done) co_return *lookup->outcome;
  if (has_old) co_return known.addresses;
  co_return Fault::timeout("the name " + name + " was not looked up in time");
}

void NameLookup::expire() {
  for (auto& [name, known] : names_) known.fresh_until = {};
}

std::shared_ptr<NameLookup::Lookup> NameLookup::start(const std::string& name) {
  auto lookup = std::make_shared<Lookup>(scheduler_);
  names_[name].lookup = lookup;
  lookups_.start(look_up(name, lookup));
  return lookup;
}

Task<void> NameLookup::look_up(std::string name, std::shared_ptr<Lookup> lookup) {
  lookups_.start(ask_family(name, AF_INET, lookup));
  lookups_.start(ask_family(name, AF_INET6, lookup));
  co_await lookup->answered.wait();
  [[maybe_unused]] const bool both = co_await lookup->ended.wait_until(scheduler_.now() + kOtherFamily);
  Name& known = names_[name];
  keep(known, *lookup);
  known.lookup = nullptr;
  lookup->done.set();
}

Task<void> NameLookup::ask_family(std::string name, int family, std::shared_ptr<Lookup> lookup) {
  std::function<Result<Addresses>()> work = [ask = ask_, name, family] { return ask(name, family); };
  Task<Result<Addresses>> asking =
      calls_.run<Addresses>(BlockingCalls::Kind::name_lookup, std::move(work), scheduler_.now() + kLongest);
  Result<Addresses> answer = co_await std::move(asking);
  const bool found = answer.ok() && !answer->empty();
  (family == AF_INET ? lookup->v4 : lookup->v6).emplace(std::move(answer));
  const bool both = lookup->v4.has_value() && lookup->v6.has_value();
  if (both) lookup->ended.set();
  if (found || both) lookup->answered.set();
}

void NameLookup::keep(Name& known, Lookup& lookup) {
  Addresses addresses;
  for (const auto* family : {&lookup.v6, &lookup.v4})
    if (family->has_value() && (*family)->ok())
      addresses.insert(addresses.end(), (**family)->begin(), (**family)->end());
  if (!addresses.empty()) {
    known.addresses = std::move(addresses);
    known.fresh_until = scheduler_.now() + kKept;
  } else if (!known.addresses.empty()) {
    known.fresh_until = scheduler_.now() + kRetry;
  } else {
    // Both families have ended; the one that every host asks for says more.
    lookup.outcome.emplace(lookup.v4->ok() ? Fault::connection("the name has no address of IPv4 or IPv6")
                                           : lookup.v4->fault());
    return;
  }
  lookup.outcome.emplace(known.addresses);
}

}  // namespace sma
