// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/snappy_body.h"

#include "fmt/format.h"
#include "snappy.h"

namespace outrider {
namespace {

constexpr std::string_view kFramedStart("\xff\x06\x00\x00sNaPpY", 10);

}  // namespace

Status SnappyDecompressInto(std::string_view body, size_t limit, std::string* out) {
  if (body.starts_with(kFramedStart)) {
    return InvalidArgument("snappy: this is the framed format; remote write uses the block format");
  }
  size_t size = 0;
  if (!snappy::GetUncompressedLength(body.data(), body.size(), &size)) {
    return InvalidArgument("snappy: the body is not in snappy block format");
  }
  if (size > limit) {
    return InvalidArgument(
        fmt::format("snappy: the body unpacks to {} bytes, the limit is {}", size, limit));
  }
  // No block expands further than 64 bytes for 3: a longer claim is a lie that would only cost
  // memory.
  if (size / 64 > body.size()) return InvalidArgument("snappy: the stated length cannot be true");
  out->resize(size);
  if (!snappy::RawUncompress(body.data(), body.size(), out->data())) {
    return InvalidArgument("snappy: the body is corrupt or cut off");
  }
  return absl::OkStatus();
}

StatusOr<std::string> SnappyDecompress(std::string_view body, size_t limit) {
  std::string out;
  TRY(SnappyDecompressInto(body, limit, &out));
  return out;
}

std::string SnappyCompress(std::string_view bytes) {
  std::string out;
  snappy::Compress(bytes.data(), bytes.size(), &out);
  return out;
}

}  // namespace outrider
