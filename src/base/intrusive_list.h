#pragma once

namespace sma {

/// A place in an `IntrusiveList`. A class that derives from it can be in one list at a time, and leaves that list when
/// destroyed: no list ever holds a dead member.
class ListHook {
 public:
  ListHook() = default;
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;
  ~ListHook() { unlink(); }

  [[nodiscard]] bool linked() const { return next_ != this; }

  void unlink() {
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = this;
  }

 private:
  template <typename T>
  friend class IntrusiveList;

  ListHook* prev_ = this;
  ListHook* next_ = this;
};

/// A first-in-first-out list of members that are owned elsewhere. Adding and removing allocate nothing.
template <typename T>
class IntrusiveList {
 public:
  IntrusiveList() = default;
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    while (!empty()) head_.next_->unlink();
  }

  [[nodiscard]] bool empty() const { return !head_.linked(); }
  [[nodiscard]] T& front() { return static_cast<T&>(*head_.next_); }
  [[nodiscard]] T& back() { return static_cast<T&>(*head_.prev_); }

  /// A member of this or another list is moved.
  void push_back(T& member) { insert_before(head_, member); }
  void push_front(T& member) {
    static_cast<ListHook&>(member).unlink();  // it may be the first already
    insert_before(*head_.next_, member);
  }

  T& pop_front() {
    T& first = front();
    static_cast<ListHook&>(first).unlink();
    return first;
  }

  /// Takes all members of `other`, after those already here.
  void take_all(IntrusiveList& other) {
    while (!other.empty()) push_back(other.pop_front());
  }

 private:
  static void insert_before(ListHook& place, ListHook& hook) {
    hook.unlink();
    hook.prev_ = place.prev_;
    hook.next_ = &place;
    place.prev_->next_ = &hook;
    place.prev_ = &hook;
  }

  ListHook head_;
};

}  // namespace sma
