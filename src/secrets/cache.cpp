#include "secrets/cache.h"

#include <algorithm>
#include <utility>

namespace sma {

struct Cache::Entry : CachedSecret, ListHook {
  Role* role = nullptr;
  std::vector<std::string> ids;  // never changed once the index has views of them
  std::string asked_version_id;
  std::string asked_version_stage;
  std::size_t bytes = 0;
  bool watched = false;
  std::int64_t used = 0;  // number of the last use, over all roles; below 0: not used yet

  [[nodiscard]] SecretKeyView key(const std::string& id) const {
    return {id, asked_version_id, asked_version_stage, role->arn};
  }
  [[nodiscard]] std::size_t cost() const;
};

namespace {

// What the allocator and a hash node add to what is asked for.
constexpr std::size_t kAllocation = 16;
constexpr std::size_t kIndexNode = sizeof(SecretKeyView) + 5 * sizeof(void*) + kAllocation;

std::size_t heap_bytes(const std::string& text) {
  return text.capacity() > std::string().capacity() ? text.capacity() + 1 + kAllocation : 0;
}

}  // namespace

std::size_t Cache::Entry::cost() const {
  std::size_t sum = sizeof(Entry) + 2 * sizeof(void*) + kAllocation + answer.size() + 2 * kAllocation;
  for (const std::string* text : {&arn, &version_id, &asked_version_id, &asked_version_stage}) sum += heap_bytes(*text);
  for (const std::string& id : ids) sum += sizeof(std::string) + heap_bytes(id) + kIndexNode;
  return sum;
}

void Cache::watch(SecretKey key) {
  const auto found = index_.find(key);
  const std::shared_ptr<Entry> entry = found == index_.end() ? nullptr : found->second;
  watched_.insert(std::move(key));
  if (entry == nullptr || entry->watched) return;
  entry->watched = true;
  --entry->role->count;
  entry->role->watched.push_front(*entry);
}

CachedSecret* Cache::find(const SecretKeyView& key) {
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : found->second.get();
}

void Cache::use(CachedSecret& secret) {
  auto& entry = static_cast<Entry&>(secret);
  entry.used = ++uses_;
  if (!entry.watched) entry.role->entries.push_front(entry);
}

void Cache::store(const SecretKey& key, CachedSecret secret) {
  if (entries_a_role_ == 0) return;
  std::vector<std::string> ids{key.secret_id};
  if (const auto found = index_.find(key); found != index_.end()) {
    const std::shared_ptr<Entry> old = found->second;
    if (secret.as_of < old->as_of) return;
    if (secret.arn == old->arn) ids = old->ids;
    secret.uses = old->uses;
    erase(*old);
  }
  const std::shared_ptr<Entry> entry = make(std::move(ids), key, std::move(secret));
  if (entry->bytes > bytes_limit_) return;
  insert(entry);
  use(*entry);
  evict(*entry->role);
}

bool Cache::fill(std::vector<std::string> ids, std::string_view role_arn, CachedSecret secret,
                 std::size_t bytes_limit) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.empty() || entries(role_arn) >= entries_a_role_) return false;
  const std::shared_ptr<Entry> entry = make(std::move(ids), {{}, {}, {}, role_arn}, std::move(secret));
  if (bytes_ + entry->bytes > std::min(bytes_limit, bytes_limit_)) return false;
  insert(entry);
  entry->used = --fills_;
  if (!entry->watched) entry->role->entries.push_back(*entry);
  return true;
}

bool Cache::remove(const SecretKeyView& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return false;
  erase(*found->second);
  return true;
}

std::size_t Cache::remove_role(std::string_view role_arn) {
  const auto found = roles_.find(role_arn);
  if (found == roles_.end()) return 0;
  std::size_t count = 0;
  for (IntrusiveList<Entry>* list : {&found->second.entries, &found->second.watched})
    for (; !list->empty(); ++count) erase(list->back());
  return count;
}

std::size_t Cache::expire_all(TimePoint last) {
  for (auto& [key, entry] : index_) entry->fresh_until = std::min(entry->fresh_until, last);
  return entries();
}

void Cache::clear() {
  index_.clear();
  roles_.clear();
  bytes_ = 0;
}

void Cache::for_each(const std::function<void(const SecretKeyView& key, const CachedSecret& secret)>& visit) const {
  for (const auto& [key, entry] : index_) {
    if (key.secret_id == entry->ids.front()) visit(key, *entry);
  }
}

std::size_t Cache::entries(std::string_view role_arn) const {
  const auto found = roles_.find(role_arn);
  return found == roles_.end() ? 0 : found->second.count;
}

std::size_t Cache::entries() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      index_, [](const auto& found) { return found.first.secret_id == found.second->ids.front(); }));
}

std::shared_ptr<Cache::Entry> Cache::make(std::vector<std::string> ids, const SecretKeyView& key, CachedSecret secret) {
  auto entry = std::make_shared<Entry>();
  static_cast<CachedSecret&>(*entry) = std::move(secret);
  entry->ids = std::move(ids);
  entry->asked_version_id = key.version_id;
  entry->asked_version_stage = key.version_stage;
  const auto role = roles_.try_emplace(std::string(key.role_arn)).first;
  role->second.arn = role->first;
  entry->role = &role->second;
  entry->bytes = entry->cost();
  return entry;
}

bool Cache::is_watched(const Entry& entry) const {
  return !watched_.empty() &&
         std::ranges::any_of(entry.ids, [&](const std::string& id) { return watched_.contains(entry.key(id)); });
}

void Cache::insert(const std::shared_ptr<Entry>& entry) {
  for (const std::string& id : entry->ids) index_.emplace(entry->key(id), entry);
  bytes_ += entry->bytes;
  entry->watched = is_watched(*entry);
  if (entry->watched)
    entry->role->watched.push_front(*entry);
  else
    ++entry->role->count;
}

void Cache::erase(Entry& entry) {
  bytes_ -= entry.bytes;
  if (!entry.watched) --entry.role->count;
  entry.unlink();
  const std::shared_ptr<Entry> keep = index_.find(entry.key(entry.ids.front()))->second;  // the keys are views into it
  for (const std::string& id : entry.ids) index_.erase(entry.key(id));
}

void Cache::evict(Role& role) {
  while (role.count > entries_a_role_) evict(role.entries.back());
  for (Entry* oldest; bytes_ > bytes_limit_ && (oldest = least_recently_used()) != nullptr;) evict(*oldest);
}

void Cache::evict(Entry& entry) {
  ++evictions_;
  erase(entry);
}

Cache::Entry* Cache::least_recently_used() {
  Entry* oldest = nullptr;
  for (auto& [arn, role] : roles_)
    if (!role.entries.empty() && (oldest == nullptr || role.entries.back().used < oldest->used))
      oldest = &role.entries.back();
  return oldest;
}

}  // namespace sma
