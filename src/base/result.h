// Result<T>: a value or the Status that explains its absence.
// TRY(decl, expr) returns early from a function, CO_TRY from a coroutine; both exist because g++ 12's
// std::expected has no monadic members.
#pragma once

#include <expected>
#include <utility>

#include "base/status.h"

namespace xebec {

template <class T>
using Result = std::expected<T, Status>;

inline std::unexpected<Status> fail(Status status) { return std::unexpected<Status>(std::move(status)); }

}  // namespace xebec

#define XEBEC_CONCAT_(a, b) a##b
#define XEBEC_CONCAT(a, b) XEBEC_CONCAT_(a, b)
#define XEBEC_TRY_(tmp, how, decl, ...)                                               \
  auto tmp = (__VA_ARGS__);                                                           \
  if (!tmp.has_value()) how std::unexpected<::xebec::Status>(std::move(tmp).error()); \
  decl = *std::move(tmp)
#define XEBEC_TRY_VOID_(tmp, how, ...) \
  auto tmp = (__VA_ARGS__);            \
  if (!tmp.has_value()) how std::unexpected<::xebec::Status>(std::move(tmp).error())

// TRY(auto x, f()); TRY_VOID(g());  and the same with co_return inside coroutines.
#define TRY(decl, ...) XEBEC_TRY_(XEBEC_CONCAT(try_result_, __LINE__), return, decl, __VA_ARGS__)
#define TRY_VOID(...) XEBEC_TRY_VOID_(XEBEC_CONCAT(try_result_, __LINE__), return, __VA_ARGS__)
#define CO_TRY(decl, ...) XEBEC_TRY_(XEBEC_CONCAT(try_result_, __LINE__), co_return, decl, __VA_ARGS__)
#define CO_TRY_VOID(...) XEBEC_TRY_VOID_(XEBEC_CONCAT(try_result_, __LINE__), co_return, __VA_ARGS__)
