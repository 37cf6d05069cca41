// g++ 12 copies some temporaries of an expression with co_await bitwise into the coroutine frame and then
// destroys both copies. This test counts constructions and destructions of the forms we forbid and of those
// we use instead.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/scope.h"
#include "base/task.h"

namespace xebec {
namespace {

// Knows its own address: a bitwise copy is destroyed at an address where nothing was constructed.
struct Tracker {
  static inline int live = 0;
  static inline int strays = 0;
  const Tracker* self;
  Tracker() : self(this) { ++live; }
  Tracker(const Tracker&) : self(this) { ++live; }
  Tracker(Tracker&&) noexcept : self(this) { ++live; }
  Tracker& operator=(const Tracker&) = default;
  ~Tracker() {
    --live;
    if (self != this) ++strays;
  }
  static void reset() { live = strays = 0; }
};

struct Aggregate {
  int number;
  Tracker tracker;
};

struct WithConstructor {
  int number;
  Tracker tracker;
  WithConstructor(int n, Tracker t) : number(n), tracker(std::move(t)) {}
};

Task<int> take(Aggregate a) { co_return a.number; }
Task<int> take(WithConstructor w) { co_return w.number; }

Task<int> aggregate_temporary() {
  int n = co_await take(Aggregate{7, Tracker()});
  co_return n;
}

Task<int> named_aggregate() {
  Aggregate a{7, Tracker()};
  int n = co_await take(std::move(a));
  co_return n;
}

Task<int> constructed_temporary() {
  int n = co_await take(WithConstructor(7, Tracker()));
  co_return n;
}

TEST(CoroutineTemporaries, ANamedAggregateIsDestroyedWhereItWasMade) {
  Tracker::reset();
  EXPECT_EQ(block_on(named_aggregate()), 7);
  EXPECT_EQ(Tracker::live, 0);
  EXPECT_EQ(Tracker::strays, 0);
}

TEST(CoroutineTemporaries, ATemporaryWithAConstructorIsDestroyedWhereItWasMade) {
  Tracker::reset();
  EXPECT_EQ(block_on(constructed_temporary()), 7);
  EXPECT_EQ(Tracker::live, 0);
  EXPECT_EQ(Tracker::strays, 0);
}

// When this fails, the compiler is fixed: the rule and tools/check_coroutines.py can go.
TEST(CoroutineTemporaries, AnAggregateTemporaryShowsTheBugOnGcc12) {
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ == 12
  Tracker::reset();
  block_on(aggregate_temporary());
  EXPECT_TRUE(Tracker::strays != 0 || Tracker::live != 0);
#else
  GTEST_SKIP() << "only g++ 12 is known to have the bug";
#endif
}

}  // namespace
}  // namespace xebec
