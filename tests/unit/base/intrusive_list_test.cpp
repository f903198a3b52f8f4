#include "base/intrusive_list.h"

#include <doctest/doctest.h>

#include <string>

namespace sma {
namespace {

struct Member : ListHook {
  explicit Member(char member_name) : name(member_name) {}
  char name;
};

std::string drained(IntrusiveList<Member>& list) {
  std::string names;
  while (!list.empty()) names += list.pop_front().name;
  return names;
}

TEST_CASE("members leave in the order they came") {
  IntrusiveList<Member> list;
  Member a('a'), b('b'), c('c');
  list.push_back(a);
  list.push_back(b);
  list.push_front(c);
  CHECK(list.front().name == 'c');
  CHECK(list.back().name == 'b');
  CHECK(drained(list) == "cab");
  CHECK_FALSE(a.linked());
}

TEST_CASE("a member may be moved to either end, wherever it is") {
  for (const std::size_t place : {0U, 1U, 2U}) {
    for (const bool to_front : {true, false}) {
      IntrusiveList<Member> list;
      Member members[] = {Member('a'), Member('b'), Member('c')};
      for (Member& member : members) list.push_back(member);
      if (to_front)
        list.push_front(members[place]);
      else
        list.push_back(members[place]);
      CHECK((to_front ? list.front() : list.back()).name == members[place].name);
      CHECK(drained(list).size() == 3);
    }
  }
}

TEST_CASE("a member that is destroyed leaves its list") {
  IntrusiveList<Member> list;
  Member a('a');
  list.push_back(a);
  {
    Member b('b');
    list.push_back(b);
  }
  CHECK(drained(list) == "a");
}

TEST_CASE("a list that is destroyed lets its members go") {
  Member a('a');
  {
    IntrusiveList<Member> list;
    list.push_back(a);
  }
  CHECK_FALSE(a.linked());
}

TEST_CASE("one list takes all of another's members, after its own") {
  IntrusiveList<Member> first, second;
  Member a('a'), b('b'), c('c');
  first.push_back(a);
  second.push_back(b);
  second.push_back(c);
  first.take_all(second);
  CHECK(second.empty());
  CHECK(drained(first) == "abc");
}

}  // namespace
}  // namespace sma
