// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/aws_metadata.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/channel/http_settings.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kTimeout = 5 * kSecond;
constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";

using Headers = std::vector<std::pair<std::string, std::string>>;

StatusOr<HttpClientResponse> Ask(const HttpAttempt& attempt, std::string method, std::string url,
                                 Headers headers) {
  HttpClientRequest request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.headers = std::move(headers);
  request.timeout = kTimeout;
  request.follow_redirects = false;
  TieToNotification(attempt.notification(), attempt.tools().clock, &request);
  return attempt.tools().http.Do(request);
}

Status Unable(std::string_view who, const StatusOr<HttpClientResponse>& answer) {
  return absl::UnavailableError(
      fmt::format("AWS credentials: {}: {}", who,
                  answer.ok() ? fmt::format("HTTP {}", answer->status) : Message(answer.status())));
}

StatusOr<AwsTemporary> ParseCredentials(std::string_view who, std::string_view text) {
  const StatusOr<JsonValue> json = ParseJson(text);
  AwsTemporary found;
  found.renew_before = 300 * kNanosPerSecond;  // as the SDK does
  if (json.ok()) {
    found.credentials = {json->GetString("AccessKeyId"), json->GetString("SecretAccessKey"),
                         json->GetString("Token")};
    if (const std::string end = json->GetString("Expiration"); !end.empty()) {
      found.ends_at = TRY(ParseRfc3339(end));
    }
  }
  if (found.credentials.access_key.empty() || found.credentials.secret_key.empty()) {
    return absl::UnavailableError(fmt::format("AWS credentials: the answer of {} holds none", who));
  }
  return found;
}

// The SDK's rule: a token must not go in clear to somewhere else.
bool MayBeAsked(std::string_view url) {
  if (url.starts_with("https://")) return true;
  for (const std::string_view host :
       {"http://localhost", "http://127.", "http://[::1]", "http://169.254.170.2",
        "http://169.254.170.23", "http://[fd00:ec2::23]"}) {
    if (!url.starts_with(host)) continue;
    if (host.ends_with('.')) return true;
    const char next = url.size() > host.size() ? url[host.size()] : '/';
    if (next == '/' || next == ':' || next == '?') return true;
  }
  return false;
}

}  // namespace

StatusOr<AwsTemporary> ContainerCredentials(const AwsEnvironment& environment,
                                            const HttpAttempt& attempt) {
  constexpr std::string_view kWho = "the container's endpoint";
  if (!MayBeAsked(environment.container_uri)) {
    return InvalidArgument(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI: over http only loopback and the addresses of ECS and "
        "EKS");
  }
  std::string token = environment.container_token;
  if (!environment.container_token_file.empty()) {
    const StatusOr<std::string> text = ReadFile(environment.container_token_file);
    if (!text.ok()) return absl::UnavailableError(Message(text.status()));
    token = Trim(*text);
  }
  Headers headers = {{"Accept", "application/json"}};
  if (!token.empty()) headers.emplace_back("Authorization", token);
  const auto answer = Ask(attempt, "GET", environment.container_uri, std::move(headers));
  if (!answer.ok() || answer->status != 200) return Unable(kWho, answer);
  return ParseCredentials(kWho, answer->body);
}

StatusOr<AwsTemporary> MachineCredentials(const AwsEnvironment& environment,
                                          const HttpAttempt& attempt) {
  constexpr std::string_view kWho = "instance metadata";
  const auto token = Ask(attempt, "PUT", environment.metadata_url + "/latest/api/token",
                         {{"X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300"}});
  Headers headers;
  if (token.ok() && token->status == 200) {
    headers.emplace_back("X-Aws-Ec2-Metadata-Token", Trim(token->body));
  } else if (!token.ok() || environment.metadata_v1_off ||
             (token->status != 403 && token->status != 404 && token->status != 405)) {
    return Unable(kWho, token);
  }
  const std::string base = environment.metadata_url + std::string(kRoles);
  const auto roles = Ask(attempt, "GET", base, headers);
  if (!roles.ok() || roles->status != 200) return Unable(kWho, roles);
  const std::string role(Trim(std::string_view(roles->body).substr(0, roles->body.find('\n'))));
  if (role.empty()) {
    return absl::UnavailableError("AWS credentials: instance metadata: the machine has no role");
  }
  const auto answer = Ask(attempt, "GET", base + UrlEncodePath(role), headers);
  if (!answer.ok() || answer->status != 200) return Unable(kWho, answer);
  return ParseCredentials(kWho, answer->body);
}

}  // namespace outrider
