#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "base/shared_bytes.h"
#include "secrets/secret.h"

namespace sma {

/// What the cache knows of one secret.
struct CachedSecret {
  SharedBytes answer;
  std::string arn;         ///< for DescribeSecret; empty if AWS sent none
  std::string version_id;  ///< likewise
  TimePoint fetched;       ///< when its value was asked for
  TimePoint as_of;         ///< when AWS was last asked whether it is the right one; its age counts from here
  TimePoint fresh_until;   ///< up to and including this moment it is served without asking
  /// From this moment on, the next use has it renewed ahead of time; `kNever` if that was done once.
  TimePoint renew_from = kNever;

  std::uint64_t uses = 0;    ///< how often clients got it, also before its value was replaced
  std::string last_error{};  ///< the code of the fault with which the last fetch ended; empty if that succeeded
  bool stands_in = false;    ///< `fresh_until` was put off because of that fault

  static constexpr TimePoint kNever = TimePoint::max();
};

/// The answers at hand: at most so many entries a role, and so many bytes over all roles; the least recently used
/// leaves first. Knows nothing of time but the order in which entries were used.
///
/// An entry of a watched key never leaves by itself, and takes no place of its role's.
///
/// Invariants: each entry is found under one key, or under several that differ in the secret's id (prefetch); it is in
/// exactly one of a role's two lists, in that of the evictable ones the one used last at the front. Bytes are those of
/// the answer and of what keeping it costs. What leaves is wiped once no unsent answer holds it.
class Cache {
 public:
  /// `entries_a_role` 0: keeps nothing.
  Cache(std::size_t entries_a_role, std::size_t bytes) : entries_a_role_(entries_a_role), bytes_limit_(bytes) {}

  /// What is kept under this key, now or later, is not evicted.
  void watch(SecretKey key);

  /// Null if there is none. One hash, no allocation. Valid until the next change of the cache.
  [[nodiscard]] CachedSecret* find(const SecretKeyView& key);
  [[nodiscard]] bool holds(const SecretKeyView& key) const { return index_.find(key) != index_.end(); }
  /// Counts as a use of an entry that `find` returned.
  void use(CachedSecret& secret);

  /// Replaces the key's entry, unless that was asked for later. Other keys of that entry lead to the new value if it is
  /// the same secret's (by ARN), else they are forgotten.
  void store(const SecretKey& key, CachedSecret secret);

  /// Adds a secret that no client has asked for yet, the first to be evicted, under several ids that have no entry.
  /// False if there are no ids, if its role is full, or if all entries would have more than `bytes_limit`.
  bool fill(std::vector<std::string> ids, std::string_view role_arn, CachedSecret secret, std::size_t bytes_limit);

  /// Removes the entry of this key, under all its keys. False if there is none.
  bool remove(const SecretKeyView& key);
  /// Removes all entries of the role; returns how many there were.
  std::size_t remove_role(std::string_view role_arn);
  /// No entry is fresh after `last`. Returns how many entries there are.
  std::size_t expire_all(TimePoint last);
  void clear();

  /// Each entry once, with the first of its keys, in no order.
  void for_each(const std::function<void(const SecretKeyView& key, const CachedSecret& secret)>& visit) const;

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// Of the role, without those that are watched.
  [[nodiscard]] std::size_t entries(std::string_view role_arn) const;
  /// Over all roles.
  [[nodiscard]] std::size_t entries() const;
  /// How many entries had to leave for others, since the start.
  [[nodiscard]] std::uint64_t evictions() const { return evictions_; }
  [[nodiscard]] std::size_t entries_a_role() const { return entries_a_role_; }
  [[nodiscard]] std::size_t bytes_limit() const { return bytes_limit_; }

 private:
  struct Entry;
  struct Role {
    std::string_view arn;   // its key in `roles_`
    std::size_t count = 0;  // of `entries`
    IntrusiveList<Entry> entries;
    IntrusiveList<Entry> watched;
  };
  using Index = std::unordered_map<SecretKeyView, std::shared_ptr<Entry>, SecretKeyHash>;

  std::shared_ptr<Entry> make(std::vector<std::string> ids, const SecretKeyView& key, CachedSecret secret);
  [[nodiscard]] bool is_watched(const Entry& entry) const;
  void insert(const std::shared_ptr<Entry>& entry);
  void erase(Entry& entry);
  void evict(Role& role);
  void evict(Entry& entry);
  Entry* least_recently_used();

  std::size_t entries_a_role_;
  std::size_t bytes_limit_;
  std::size_t bytes_ = 0;
  std::uint64_t evictions_ = 0;
  std::int64_t uses_ = 0;
  std::int64_t fills_ = 0;  // counts down
  std::map<std::string, Role, std::less<>> roles_;
  std::unordered_set<SecretKey, SecretKeyHash, SecretKeyEqual> watched_;
  Index index_;  // its keys are views into the entries
};

}  // namespace sma
