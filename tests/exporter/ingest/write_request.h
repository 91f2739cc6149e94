// SPDX-License-Identifier: Apache-2.0
// Builds remote write 1.0 requests for tests.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "exporter/http/server.h"
#include "exporter/ingest/decode_v1.h"
#include "exporter/ingest/snappy_body.h"

namespace outrider {

// A request whose body and headers are given.
class FakeRequest final : public HttpRequest {
 public:
  explicit FakeRequest(std::string body) : body_(std::move(body)) {
    method = "POST";
    path = "/api/v1/write";
    remote_address = "127.0.0.1";
    headers["Content-Type"] = "application/x-protobuf";
    headers["Content-Encoding"] = "snappy";
  }
  std::string Header(std::string_view name) const override {
    const auto it = headers.find(name);
    return it == headers.end() ? "" : it->second;
  }
  bool HasHeader(std::string_view name) const override { return headers.contains(name); }
  StatusOr<std::string> ReadBody(size_t limit) override {
    ++reads;
    if (body_.size() > limit) return absl::ResourceExhaustedError("the body is over the limit");
    return body_;
  }
  std::map<std::string, std::string, std::less<>> headers;
  int reads = 0;

 private:
  std::string body_;
};

struct RawSeries {
  std::vector<LabelView> labels;  // as they are: unsorted, repeated, empty
  std::vector<Sample> samples;
};
// The protobuf of a WriteRequest, nothing put right.
std::string EncodeRaw(const std::vector<RawSeries>& all);
inline std::string Body(const std::vector<RawSeries>& series) {
  return SnappyCompress(EncodeRaw(series));
}
// The same as a request of 2.0, which has another Content-Type.
inline constexpr const char* kV2Type =
    "application/x-protobuf;proto=io.prometheus.write.v2.Request";
std::string BodyV2(const std::vector<RawSeries>& all);

}  // namespace outrider
