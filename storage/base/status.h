// SPDX-License-Identifier: Apache-2.0
// Errors are values: absl::Status / absl::StatusOr with a message that a user can act on.
//
// TRY(expr) evaluates a Status or StatusOr; on error it returns that status from the enclosing
// function, otherwise it yields the value:
//     int n = TRY(ParseInt(text));
//     TRY(Save(n));
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace outrider {

using absl::Status;
using absl::StatusOr;

// The message of a status as a std::string (absl's own string_view does not convert on Debian 12).
inline std::string Message(const Status& status) {
  return std::string(status.message().data(), status.message().size());
}

inline Status InvalidArgument(const std::string& message) {
  return absl::InvalidArgumentError(message);
}
inline Status NotFound(const std::string& message) { return absl::NotFoundError(message); }
inline Status Internal(const std::string& message) { return absl::InternalError(message); }

// The same code, `context: ` put before the message.
Status Annotate(const Status& status, const std::string& context);

namespace status_internal {
inline Status ToStatus(Status status) { return status; }
template <typename T>
Status ToStatus(StatusOr<T>&& result) {
  return std::move(result).status();
}
inline void TakeValue(const Status& /*status*/) {}
template <typename T>
T TakeValue(StatusOr<T>&& result) {
  return *std::move(result);
}
template <typename T>
T TakeValue(StatusOr<T>& result) {
  return *std::move(result);
}
}  // namespace status_internal
}  // namespace outrider

// Each use has its own variable, so that uses nest without shadowing.
#define OUTRIDER_TRY_CAT_(a, b) a##b
#define OUTRIDER_TRY_NAME_(a, b) OUTRIDER_TRY_CAT_(a, b)
#define TRY(...) OUTRIDER_TRY_(OUTRIDER_TRY_NAME_(try_result_, __COUNTER__), __VA_ARGS__)
#define OUTRIDER_TRY_(name, ...)                                                   \
  __extension__({                                                                  \
    auto name = (__VA_ARGS__);                                                     \
    if (!name.ok()) return ::outrider::status_internal::ToStatus(std::move(name)); \
    ::outrider::status_internal::TakeValue(std::move(name));                       \
  })
