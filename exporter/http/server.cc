// SPDX-License-Identifier: Apache-2.0
// The server on civetweb: plain HTTP, one worker thread per open connection. Debian's civetweb must
// never be asked for TLS (design house.md §5), so only plain listeners are ever configured.
#include "exporter/http/server.h"

#include <civetweb.h>
#include <fmt/format.h>

#include <atomic>
#include <exception>

#include "absl/synchronization/mutex.h"
#include "exporter/http/connection.h"
#include "exporter/http/message.h"
#include "exporter/http/resolve.h"
#include "exporter/http/wake.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

class CivetServer final : public HttpServer {
 public:
  CivetServer(HttpServerOptions options, const Router& router)
      : options_(std::move(options)), router_(router) {
    mg_init_library(0);
  }
  ~CivetServer() override {
    Stop();
    mg_exit_library();
  }
  CivetServer(const CivetServer&) = delete;
  CivetServer& operator=(const CivetServer&) = delete;

  Status Listen();
  std::vector<std::string> Addresses() const override;
  int Port() const override { return listeners_.empty() ? 0 : listeners_.front().port; }
  HttpServerStats Stats() const override;
  void Stop() override;

 private:
  static int OnRequest(mg_connection* connection);
  static int OnLog(const mg_connection* connection, const char* message);
  static int OnOpen(const mg_connection* connection, void** data);
  static void OnClosed(const mg_connection* connection);
  static CivetServer* Self(const mg_connection* connection) {
    return static_cast<CivetServer*>(mg_get_user_context_data(connection));
  }

  Status TryListen(const std::vector<ListenAddress>& addresses, bool dual_stack);
  void ReadPorts(const std::vector<ListenAddress>& addresses);
  HttpResponse Answer(CivetRequest& request) const;
  int Serve(mg_connection* connection);
  bool Enter() ABSL_LOCKS_EXCLUDED(mutex_);
  void Leave(const std::string& route, int status) ABSL_LOCKS_EXCLUDED(mutex_);
  bool Crowded() const {
    return open_connections_ > static_cast<uint64_t>(options_.threads) * 3 / 4;
  }

  // Constant after Listen.
  const HttpServerOptions options_;
  const Router& router_;
  mg_context* context_ = nullptr;
  std::vector<ListenAddress> listeners_;  // with the real ports

  std::atomic<uint64_t> open_connections_{0};
  mutable absl::Mutex mutex_;
  std::string complaint_ ABSL_GUARDED_BY(mutex_);
  HttpServerStats stats_ ABSL_GUARDED_BY(mutex_);
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

// How civetweb writes a listener: a leading + listens on IPv6 and IPv4 with one socket.
std::string PortOption(const std::vector<ListenAddress>& addresses, bool dual_stack) {
  std::vector<std::string> parts;
  parts.reserve(addresses.size());
  for (const ListenAddress& address : addresses) {
    parts.push_back(address.host.empty() ? fmt::format("{}{}", dual_stack ? "+" : "", address.port)
                                         : address.ToString());
  }
  return Join(parts, ",");
}

Status CivetServer::TryListen(const std::vector<ListenAddress>& addresses, bool dual_stack) {
  const std::vector<std::pair<std::string, std::string>> settings = {
      {"listening_ports", PortOption(addresses, dual_stack)},
      {"num_threads", std::to_string(options_.threads)},
      {"enable_keep_alive", "yes"},
      {"keep_alive_timeout_ms", std::to_string(options_.idle_timeout)},
      {"request_timeout_ms", std::to_string(options_.stall_timeout)},
      // civetweb answers 400 to what does not fit: with room for more, we can say what is wrong.
      {"max_request_size", std::to_string(2 * options_.max_header_bytes)},
      {"tcp_nodelay", "1"},
      {"decode_url", "no"},
      {"connection_queue", "128"},
  };
  std::vector<const char*> flat;
  for (const auto& [name, value] : settings) {
    flat.push_back(name.c_str());
    flat.push_back(value.c_str());
  }
  flat.push_back(nullptr);
  mg_callbacks callbacks = {};
  callbacks.begin_request = &CivetServer::OnRequest;
  callbacks.log_message = &CivetServer::OnLog;
  callbacks.init_connection = &CivetServer::OnOpen;
  callbacks.connection_closed = &CivetServer::OnClosed;
  mg_init_data init = {};
  init.callbacks = &callbacks;
  init.user_data = this;
  init.configuration_options = flat.data();
  std::array<char, 256> text = {};
  unsigned code = 0;
  mg_error_data error = {&code, text.data(), text.size()};
  context_ = mg_start2(&init, &error);
  if (context_ != nullptr) return absl::OkStatus();

  absl::MutexLock lock(&mutex_);
  const std::string complaint = std::exchange(complaint_, "");
  std::vector<std::string> names;
  names.reserve(addresses.size());
  for (const ListenAddress& address : addresses) names.push_back(address.ToString());
  const std::string why = complaint.empty() ? std::string(text.data()) : complaint;
  const std::string message = fmt::format("cannot listen on {}: {}", Join(names, ", "), why);
  if (Contains(why, "98 ("))
    return absl::AlreadyExistsError(message + "; is another outrider running?");
  if (Contains(why, "13 (")) return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

Status CivetServer::Listen() {
  const bool has_ipv6 = mg_check_feature(MG_FEATURES_IPV6) != 0;
  std::vector<ListenAddress> addresses;
  addresses.reserve(options_.listen_addresses.size());
  for (const std::string& text : options_.listen_addresses)
    addresses.push_back(TRY(Resolve(TRY(ParseListenAddress(text)), has_ipv6)));
  if (addresses.empty()) return InvalidArgument("no listen address is given");
  Status status = TryListen(addresses, has_ipv6);
  // Machines without IPv6 cannot open the dual socket; a port in use stays an error.
  if (!status.ok() && has_ipv6 && absl::IsUnavailable(status)) status = TryListen(addresses, false);
  if (status.ok()) ReadPorts(addresses);
  return status;
}

void CivetServer::ReadPorts(const std::vector<ListenAddress>& addresses) {
  std::vector<mg_server_port> found(addresses.size());
  const int count = mg_get_server_ports(context_, static_cast<int>(found.size()), found.data());
  for (int i = 0; i < count; ++i) {
    ListenAddress address = addresses[static_cast<size_t>(i)];
    address.port = found[static_cast<size_t>(i)].port;
    listeners_.push_back(std::move(address));
  }
}

std::vector<std::string> CivetServer::Addresses() const {
  std::vector<std::string> out;
  out.reserve(listeners_.size());
  for (const ListenAddress& listener : listeners_) out.push_back(listener.ToString());
  return out;
}

int CivetServer::OnLog(const mg_connection* connection, const char* message) {
  CivetServer* self = Self(connection);
  if (self != nullptr) {
    absl::MutexLock lock(&self->mutex_);
    // The first complaint has the reason; what follows only says that starting failed.
    if (self->complaint_.empty()) self->complaint_ = message;
  }
  LogDebug("http", {{"message", message}});
  return 1;
}

int CivetServer::OnOpen(const mg_connection* connection, void** data) {
  *data = nullptr;
  ++Self(connection)->open_connections_;
  return 0;
}

void CivetServer::OnClosed(const mg_connection* connection) {
  --Self(connection)->open_connections_;
}

int CivetServer::OnRequest(mg_connection* connection) {
  return Self(connection)->Serve(connection);
}

bool CivetServer::Enter() {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return false;
  ++running_;
  return true;
}

void CivetServer::Leave(const std::string& route, int status) {
  absl::MutexLock lock(&mutex_);
  --running_;
  ++stats_.requests;
  ++stats_.by_path_and_code[{route.empty() ? "unknown" : route, status}];
}

// Takes the route prefix off and runs the handler.
HttpResponse CivetServer::Answer(CivetRequest& request) const {
  StatusOr<std::string> path = UrlDecode(request.raw_path, false);
  if (!path.ok()) return HttpResponse::Text(400, "the path is not properly percent-encoded\n");
  request.path = *std::move(path);
  const std::string& prefix = options_.route_prefix;
  if (!prefix.empty()) {
    if (request.path == "/") {
      HttpResponse redirect = HttpResponse::Text(302, "");
      redirect.headers.emplace_back("Location", prefix + "/");
      return redirect;
    }
    const bool inside = request.raw_path == prefix || request.raw_path.starts_with(prefix + "/");
    if (!inside) return HttpResponse::Text(404, "404 page not found\n");
    request.raw_path =
        request.raw_path.size() == prefix.size() ? "/" : request.raw_path.substr(prefix.size());
    request.path = UrlDecode(request.raw_path, false).value_or("/");
  }
  try {
    return router_.Dispatch(request);
  } catch (const std::bad_alloc&) {
    throw;  // ends the process: no handler can go on without memory
  } catch (const std::exception& error) {
    LogError("http handler failed", {{"path", request.path}, {"error", error.what()}});
    return HttpResponse::Text(500, "internal error\n");
  }
}

int CivetServer::Serve(mg_connection* connection) {
  CivetRequest request(connection, options_);
  const std::string date = options_.clock == nullptr ? "" : HttpDate(options_.clock->NowNanos());
  if (!Enter()) {
    SendResponse(connection, request, HttpResponse::Text(503, "stopping\n"), false, date);
    return 503;
  }
  const std::optional<HttpResponse> refusal = RefuseHead(connection, options_.max_header_bytes);
  const HttpResponse response = refusal ? *refusal : Answer(request);
  if (request.broke_off()) {
    mg_disable_connection_keep_alive(connection);
  } else {
    // With nearly all threads taken a connection is closed behind its answer, so that those who
    // wait get their turn.
    const bool keep_alive = !refusal && !request.must_close() && !Crowded();
    SendResponse(connection, request, response, keep_alive, date);
  }
  Leave(request.route, response.status);
  return response.status;
}

HttpServerStats CivetServer::Stats() const {
  absl::MutexLock lock(&mutex_);
  HttpServerStats stats = stats_;
  stats.open_connections = open_connections_;
  return stats;
}

void CivetServer::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    stopping_ = true;
    // civetweb cuts answers short once it stops: let the running ones end first.
    const auto idle = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return running_ == 0; };
    mutex_.Await(absl::Condition(&idle));
  }
  if (context_ != nullptr) StopCivetweb(context_, listeners_);
  context_ = nullptr;
}

}  // namespace

StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options,
                                                        const Router& router) {
  auto server = std::make_unique<CivetServer>(options, router);
  TRY(server->Listen());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace outrider
