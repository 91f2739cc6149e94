// SPDX-License-Identifier: Apache-2.0
// gzip of answers (zlib lives in gzip.cc only).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "storage/base/status.h"

namespace outrider {

// Whether an Accept-Encoding header allows gzip: named or `*`, with a q above 0.
bool AcceptsGzip(std::string_view accept_encoding);

// A gzip stream in pieces. Not thread-safe.
class GzipWriter {
 public:
  GzipWriter();
  ~GzipWriter();
  GzipWriter(const GzipWriter&) = delete;
  GzipWriter& operator=(const GzipWriter&) = delete;
  // Appends compressed bytes to `out`; nothing may come yet. `last` ends the stream.
  void Write(std::string_view plain, bool last, std::string* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Gzip(std::string_view plain);
// The reverse, at most `limit` bytes (more is ResourceExhausted); for request bodies and tests.
StatusOr<std::string> Gunzip(std::string_view compressed, size_t limit);

}  // namespace outrider
