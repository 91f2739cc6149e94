// SPDX-License-Identifier: Apache-2.0
// Finds the handler of a path: part by part, over a list short enough to walk.
#include <algorithm>

#include "exporter/http/server.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kPrometheusApi = "/api/v1/";
constexpr std::string_view kAlertmanagerApi = "/api/v2/";

// Prometheus answers those who name an origin, with that origin; Alertmanager everybody.
void AddCors(const HttpRequest& request, HttpResponse* response) {
  const bool prometheus = request.path.starts_with(kPrometheusApi);
  if (!prometheus && !request.path.starts_with(kAlertmanagerApi)) return;
  auto& headers = response->headers;
  const bool routed = response->status != 404 && response->status != 405;
  if (prometheus && routed) headers.emplace_back("Vary", "Origin");
  if (prometheus && !request.HasHeader("Origin")) return;
  headers.emplace_back("Access-Control-Allow-Headers",
                       "Accept, Authorization, Content-Type, Origin");
  headers.emplace_back("Access-Control-Allow-Methods",
                       prometheus ? "GET, POST, OPTIONS" : "GET, POST, PUT, DELETE, OPTIONS");
  headers.emplace_back("Access-Control-Allow-Origin", prometheus ? request.Header("Origin") : "*");
  headers.emplace_back("Access-Control-Expose-Headers", "Date");
}

bool IsVariable(std::string_view part) { return part.starts_with(':') || part.starts_with('*'); }

// One part of a path, percent-decoded; a part that cannot be decoded stays as it is.
std::string DecodePart(std::string_view part) {
  StatusOr<std::string> decoded = UrlDecode(part, false);
  return decoded.ok() ? *std::move(decoded) : std::string(part);
}

// Whether `parts` fits, filling `params` with decoded values.
bool Fits(const std::vector<std::string>& parts, const std::vector<std::string_view>& path,
          std::map<std::string, std::string, std::less<>>* params) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string& part = parts[i];
    if (part.starts_with('*')) {
      std::string rest;
      for (size_t k = i; k < path.size(); ++k) rest += (k > i ? "/" : "") + DecodePart(path[k]);
      (*params)[part.substr(1)] = rest;
      return true;
    }
    if (i >= path.size()) return false;
    if (part.starts_with(':')) {
      if (path[i].empty()) return false;
      (*params)[part.substr(1)] = DecodePart(path[i]);
    } else if (part != path[i] && part != DecodePart(path[i])) {
      return false;
    }
  }
  return parts.size() == path.size();
}

bool MethodFits(const std::string& route, const std::string& method) {
  return route == method || (method == "HEAD" && route == "GET");
}

}  // namespace

void Router::Add(std::string method, std::string pattern, HttpHandler handler) {
  Route route;
  route.method = std::move(method);
  for (std::string_view part : Split(pattern, '/')) {
    route.parts.emplace_back(part);
    route.variable |= IsVariable(part);
  }
  route.pattern = std::move(pattern);
  route.handler = std::move(handler);
  routes_.push_back(std::move(route));
}

void Router::AddGuard(HttpGuard guard) { guards_.push_back(std::move(guard)); }

void Router::AddWrapper(std::string prefix, HttpWrapper wrapper) {
  wrappers_.emplace_back(std::move(prefix), std::move(wrapper));
}

void Router::SetErrorPage(std::string prefix, HttpErrorPage page) {
  error_pages_.emplace_back(std::move(prefix), std::move(page));
}

Router::Found Router::Find(const std::string& method, const HttpRequest& request) const {
  Found found;
  const std::string& raw = request.raw_path.empty() ? request.path : request.raw_path;
  const std::vector<std::string_view> path = Split(raw, '/');
  std::string_view plain = request.path;
  if (plain.starts_with(kAlertmanagerApi) && plain.ends_with('/')) plain.remove_suffix(1);
  for (const bool variable : {false, true}) {
    for (const Route& route : routes_) {
      if (route.variable != variable) continue;
      std::map<std::string, std::string, std::less<>> params;
      if (variable ? !Fits(route.parts, path, &params) : route.pattern != plain) continue;
      if (MethodFits(route.method, method)) {
        found.route = &route;
        found.params = std::move(params);
        return found;
      }
      found.allowed.push_back(route.method);
    }
  }
  return found;
}

HttpResponse Router::ErrorAnswer(int status, const HttpRequest& request) const {
  for (const auto& [prefix, page] : error_pages_) {
    if (request.path.starts_with(prefix)) return page(status, request);
  }
  return HttpResponse::Text(status,
                            status == 404 ? "404 page not found\n" : "Method Not Allowed\n");
}

HttpResponse Router::Run(HttpRequest& request) const {
  Found found = Find(request.method, request);
  if (found.route == nullptr && found.allowed.empty()) return ErrorAnswer(404, request);
  if (found.route == nullptr) {
    std::ranges::sort(found.allowed);
    found.allowed.erase(std::unique(found.allowed.begin(), found.allowed.end()),
                        found.allowed.end());
    request.allowed = found.allowed;
    found.allowed.emplace_back("OPTIONS");
    std::ranges::sort(found.allowed);
    HttpResponse response = ErrorAnswer(405, request);
    response.headers.emplace_back("Allow", Join(found.allowed, ", "));
    return response;
  }
  request.route = found.route->pattern;
  request.path_params = std::move(found.params);
  for (const HttpGuard& guard : guards_) {
    if (std::optional<HttpResponse> answer = guard(request)) return *std::move(answer);
  }
  for (const auto& [prefix, wrapper] : wrappers_) {
    if (request.path.starts_with(prefix)) return wrapper(request, found.route->handler);
  }
  return found.route->handler(request);
}

HttpResponse Router::Dispatch(HttpRequest& request) const {
  HttpResponse response;
  if (request.method == "OPTIONS") {
    response = HttpResponse::Empty();
  } else {
    response = Run(request);
  }
  AddCors(request, &response);
  return response;
}

std::vector<std::pair<std::string, std::string>> Router::Routes() const {
  std::vector<std::pair<std::string, std::string>> out;
  out.reserve(routes_.size());
  for (const Route& route : routes_) out.emplace_back(route.method, route.pattern);
  return out;
}

}  // namespace outrider
