// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/connection.h"

#include <civetweb.h>
#include <fmt/format.h>

#include <array>

#include "exporter/http/gzip.h"
#include "exporter/http/message.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMostSwallowed = 256 << 20;  // of a body that is refused for its size
constexpr size_t kReadPiece =
    16 * 1024;  // small enough for the body's deadline to be looked at now and then
constexpr size_t kSendPiece = 32 * 1024;  // a streamed answer goes out in pieces of about this size
constexpr size_t kWorthGzip = 1024;

bool SendAll(mg_connection* connection, std::string_view bytes) {
  return bytes.empty() ||
         mg_write(connection, bytes.data(), bytes.size()) == static_cast<int>(bytes.size());
}

// The body of a chunked answer: pieces are gathered, compressed if wanted, and framed.
class BodySender {
 public:
  BodySender(mg_connection* connection, bool gzip, bool chunked)
      : connection_(connection),
        chunked_(chunked),
        compressor_(gzip ? std::make_unique<GzipWriter>() : nullptr) {}

  bool Add(std::string_view piece) {
    if (compressor_ != nullptr) {
      compressor_->Write(piece, false, &pending_);
    } else {
      pending_ += piece;
    }
    return pending_.size() < kSendPiece || Flush();
  }
  bool Finish() {
    if (compressor_ != nullptr) compressor_->Write("", true, &pending_);
    return Flush() && (!chunked_ || SendAll(connection_, "0\r\n\r\n"));
  }

 private:
  bool Flush() {
    if (pending_.empty()) return true;
    const bool sent =
        chunked_ ? SendAll(connection_, fmt::format("{:x}\r\n{}\r\n", pending_.size(), pending_))
                 : SendAll(connection_, pending_);
    pending_.clear();
    return sent;
  }

  mg_connection* connection_;
  bool chunked_;
  std::unique_ptr<GzipWriter> compressor_;
  std::string pending_;
};

bool HasOwnEncoding(const HttpResponse& response) {
  for (const auto& [name, value] : response.headers) {
    if (ToLower(name) == "content-encoding") return true;
  }
  return false;
}

bool SendStream(mg_connection* connection, const HttpResponse& response, const HeadPlan& plan) {
  BodySender sender(connection, plan.gzip, plan.chunked);
  if (!sender.Add(response.body)) return false;
  std::string piece;
  bool more = true;
  while (more) {
    piece.clear();
    more = response.stream(&piece);
    if (!sender.Add(piece)) return false;
  }
  return sender.Finish();
}

}  // namespace

CivetRequest::CivetRequest(mg_connection* connection, const HttpServerOptions& options)
    : connection_(connection), options_(options) {
  const mg_request_info* info = mg_get_request_info(connection);
  method = info->request_method;
  raw_path = info->local_uri_raw == nullptr ? "" : info->local_uri_raw;
  query = info->query_string == nullptr ? "" : info->query_string;
  remote_address = info->remote_addr;
  http_version_ = info->http_version == nullptr ? "1.0" : info->http_version;
}

std::string CivetRequest::Header(std::string_view name) const {
  const char* value = mg_get_header(connection_, std::string(name).c_str());
  return value == nullptr ? "" : value;
}

bool CivetRequest::HasHeader(std::string_view name) const {
  return mg_get_header(connection_, std::string(name).c_str()) != nullptr;
}

void CivetRequest::SendContinue() {
  if (http_version_ != "1.1" || ToLower(Header("Expect")) != "100-continue") return;
  SendAll(connection_, "HTTP/1.1 100 Continue\r\n\r\n");
}

// A client that is still sending does not read: closed on it, it would report a broken pipe and not
// the answer. One that waits for "100 Continue" sends nothing.
void CivetRequest::SwallowBody(int64_t deadline) {
  if (!Header("Expect").empty()) return;
  std::array<char, kReadPiece> buffer;
  size_t swallowed = 0;
  while (swallowed < kMostSwallowed) {
    const int n = mg_read(connection_, buffer.data(), buffer.size());
    if (n <= 0) return;
    swallowed += static_cast<size_t>(n);
    if (options_.clock != nullptr && options_.clock->MonotonicNanos() > deadline) return;
  }
}

StatusOr<std::string> CivetRequest::ReadBody(size_t limit) {
  const Clock* clock = options_.clock;
  const int64_t deadline =
      clock == nullptr ? 0 : clock->MonotonicNanos() + options_.body_timeout * kNanosPerMilli;
  const auto too_large = [&] {
    SwallowBody(deadline);
    return GiveUp(absl::ResourceExhaustedError(
        fmt::format("request body too large: more than {} bytes", limit)));
  };
  const long long announced = mg_get_request_info(connection_)->content_length;
  if (announced > 0 && static_cast<unsigned long long>(announced) > limit) return too_large();
  SendContinue();
  std::string body;
  if (announced > 0) body.reserve(static_cast<size_t>(announced));
  std::array<char, kReadPiece> buffer;
  while (true) {
    const int n = mg_read(connection_, buffer.data(), buffer.size());
    if (n < 0)
      return BreakOff(absl::DataLossError("the request body broke off or came too slowly"));
    if (n == 0) break;
    if (body.size() + static_cast<size_t>(n) > limit) return too_large();
    body.append(buffer.data(), static_cast<size_t>(n));
    if (clock != nullptr && clock->MonotonicNanos() > deadline) {
      return BreakOff(absl::DataLossError("the request body came too slowly"));
    }
  }
  if (announced > 0 && body.size() < static_cast<size_t>(announced)) {
    return BreakOff(absl::DataLossError(
        fmt::format("the request body broke off: {} of {} bytes", body.size(), announced)));
  }
  return body;
}

std::optional<HttpResponse> RefuseHead(const mg_connection* connection, size_t limit) {
  const mg_request_info* info = mg_get_request_info(connection);
  size_t size = std::string_view(info->request_uri).size();
  if (info->query_string != nullptr) size += std::string_view(info->query_string).size();
  if (size > limit) return HttpResponse::Text(414, "the URL is too long\n");
  for (int i = 0; i < info->num_headers; ++i) {
    const mg_header& header = info->http_headers[i];
    size += std::string_view(header.name).size() + std::string_view(header.value).size();
  }
  if (size > limit) return HttpResponse::Text(431, "the headers are too long\n");
  return std::nullopt;
}

void SendResponse(mg_connection* connection, const CivetRequest& request,
                  const HttpResponse& response, bool keep_alive, const std::string& date) {
  const bool streamed = static_cast<bool>(response.stream);
  const bool bodiless = response.status == 204 || response.status == 304;
  const bool head_only = bodiless || request.method == "HEAD";
  HeadPlan plan;
  plan.keep_alive =
      keep_alive && WantsKeepAlive(request.Header("Connection"), request.http_version());
  plan.chunked = streamed && !bodiless && request.http_version() == "1.1";
  if (streamed && !plan.chunked && !bodiless)
    plan.keep_alive = false;  // the end of the body is the connection's
  plan.vary =
      !head_only && (streamed || response.body.size() > kWorthGzip) && !HasOwnEncoding(response);
  plan.gzip = plan.vary && AcceptsGzip(request.Header("Accept-Encoding"));
  std::string compressed;
  if (plan.gzip && !streamed) compressed = Gzip(response.body);
  const std::string& body = plan.gzip && !streamed ? compressed : response.body;
  if (!streamed && !bodiless) plan.content_length = body.size();
  if (!plan.keep_alive) mg_disable_connection_keep_alive(connection);

  std::string head = RenderHead(response, plan, date);
  bool sent = true;
  if (head_only) {
    sent = SendAll(connection, head);
  } else if (streamed) {
    sent = SendAll(connection, head) && SendStream(connection, response, plan);
  } else if (body.size() < kSendPiece) {
    head += body;  // one packet for the small answers
    sent = SendAll(connection, head);
  } else {
    sent = SendAll(connection, head) && SendAll(connection, body);
  }
  if (!sent) mg_disable_connection_keep_alive(connection);
}

}  // namespace outrider
