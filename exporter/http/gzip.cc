// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/gzip.h"

#include <zlib.h>

#include <array>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib: 16 asks for the gzip wrapper
constexpr int kLevel =
    1;  // answers are repetitive text: the fastest level already saves nine tenths

Bytef* Input(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

// zlib counts input in 32 bits.
constexpr size_t kMaxStep = 1 << 30;

}  // namespace

bool AcceptsGzip(std::string_view accept_encoding) {
  bool accepts = false;
  for (std::string_view part : Split(accept_encoding, ',')) {
    const std::vector<std::string_view> pieces = Split(part, ';');
    const std::string name = ToLower(Trim(pieces[0]));
    if (name != "gzip" && name != "*") continue;
    double quality = 1;
    for (size_t i = 1; i < pieces.size(); ++i) {
      const std::string_view parameter = Trim(pieces[i]);
      if (!parameter.starts_with("q=")) continue;
      const StatusOr<double> parsed = ParseDouble(parameter.substr(2));
      quality = parsed.ok() ? *parsed : 0;
    }
    if (name == "gzip") return quality > 0;
    accepts = quality > 0;
  }
  return accepts;
}

struct GzipWriter::State {
  z_stream stream = {};
};

GzipWriter::GzipWriter() : state_(std::make_unique<State>()) {
  deflateInit2(&state_->stream, kLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
}

GzipWriter::~GzipWriter() { deflateEnd(&state_->stream); }

void GzipWriter::Write(std::string_view plain, bool last, std::string* out) {
  std::array<char, 32 * 1024> buffer = {};
  z_stream& stream = state_->stream;
  do {
    const std::string_view step = plain.substr(0, kMaxStep);
    plain.remove_prefix(step.size());
    stream.next_in = Input(step);
    stream.avail_in = static_cast<uInt>(step.size());
    const int flush = last && plain.empty() ? Z_FINISH : Z_NO_FLUSH;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      deflate(&stream, flush);
      out->append(buffer.data(), buffer.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  } while (!plain.empty());
}

std::string Gzip(std::string_view plain) {
  std::string out;
  GzipWriter writer;
  writer.Write(plain, true, &out);
  return out;
}

StatusOr<std::string> Gunzip(std::string_view compressed, size_t limit) {
  z_stream stream = {};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) return Internal("zlib does not start");
  std::string out;
  std::array<char, 32 * 1024> buffer = {};
  int result = Z_OK;
  stream.next_in = Input(compressed);
  stream.avail_in = static_cast<uInt>(compressed.size());
  while (result == Z_OK && out.size() <= limit) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    result = inflate(&stream, Z_NO_FLUSH);
    out.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (out.size() > limit) return absl::ResourceExhaustedError("gzip body is too large");
  if (result != Z_STREAM_END) return absl::DataLossError("gzip body is broken");
  return out;
}

}  // namespace outrider
