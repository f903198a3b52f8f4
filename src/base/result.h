#pragma once

#include <cassert>
#include <utility>
#include <variant>

#include "base/fault.h"

namespace sma {

/// A value, or the fault that took its place. What can fail returns one; there are no exceptions.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Fault fault) : held_(std::in_place_index<1>, std::move(fault)) {}

  [[nodiscard]] bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] T& value() & { return *get_value(); }
  [[nodiscard]] const T& value() const& { return *const_cast<Result*>(this)->get_value(); }
  [[nodiscard]] T&& value() && { return std::move(*get_value()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] Fault& fault() { return *get_fault(); }
  [[nodiscard]] const Fault& fault() const { return *const_cast<Result*>(this)->get_fault(); }

 private:
  T* get_value() {
    assert(ok());
    return std::get_if<0>(&held_);
  }
  Fault* get_fault() {
    assert(!ok());
    return std::get_if<1>(&held_);
  }

  std::variant<T, Fault> held_;
};

/// For what either succeeds with nothing to say or fails.
struct Done {};

}  // namespace sma
