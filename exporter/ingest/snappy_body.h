// SPDX-License-Identifier: Apache-2.0
// Snappy block format, the compression of remote write. Bounds the memory a body may ask for.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/status.h"

namespace outrider {

inline constexpr size_t kMaxBodyBytes = 32U << 20;     // as sent; more is 413
inline constexpr size_t kMaxDecodedBytes = 32U << 20;  // unpacked; more is 400

// InvalidArgument says what is wrong: not snappy, the framed format, or over `limit`.
StatusOr<std::string> SnappyDecompress(std::string_view body, size_t limit);
// The same into a buffer that may be used again.
Status SnappyDecompressInto(std::string_view body, size_t limit, std::string* out);
std::string SnappyCompress(std::string_view bytes);

}  // namespace outrider
