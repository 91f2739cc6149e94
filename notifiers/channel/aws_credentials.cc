// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/aws_credentials.h"

#include <fmt/format.h>

#include <cstdlib>

#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int64_t kRefreshBefore = 60 * kNanosPerSecond;
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

std::string Env(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

void SetKey(std::string_view key, std::string_view value, AwsCredentials* credentials) {
  if (key == "aws_access_key_id") credentials->access_key = value;
  if (key == "aws_secret_access_key") credentials->secret_key = value;
  if (key == "aws_session_token") credentials->session_token = value;
}

}  // namespace

AwsEnvironment ReadAwsEnvironment() {
  AwsEnvironment found;
  found.credentials = {Env("AWS_ACCESS_KEY_ID"), Env("AWS_SECRET_ACCESS_KEY"),
                       Env("AWS_SESSION_TOKEN")};
  found.region = Env("AWS_REGION");
  if (found.region.empty()) found.region = Env("AWS_DEFAULT_REGION");
  if (const std::string profile = Env("AWS_PROFILE"); !profile.empty()) found.profile = profile;
  found.credentials_file = Env("AWS_SHARED_CREDENTIALS_FILE");
  if (const std::string home = Env("HOME"); found.credentials_file.empty() && !home.empty()) {
    found.credentials_file = home + "/.aws/credentials";
  }
  return found;
}

AwsSettings ReadAwsSettings(const YamlNode& sigv4, const AwsEnvironment& environment) {
  AwsSettings settings;
  settings.region = ScalarText(sigv4, "region", environment.region);
  settings.credentials = {ScalarText(sigv4, "access_key"), ScalarText(sigv4, "secret_key"), ""};
  const std::string profile = ScalarText(sigv4, "profile");
  if (settings.credentials.access_key.empty() && profile.empty()) {
    settings.credentials = environment.credentials;
  }
  settings.credentials_file = environment.credentials_file;
  settings.profile = profile.empty() ? environment.profile : profile;
  settings.role_arn = ScalarText(sigv4, "role_arn");
  settings.external_id = ScalarText(sigv4, "external_id");
  return settings;
}

StatusOr<AwsCredentials> CredentialsOfProfile(std::string_view text, std::string_view profile) {
  AwsCredentials credentials;
  bool inside = false;
  for (std::string_view line : Split(text, '\n')) {
    line = Trim(line);
    if (line.starts_with('[')) {
      inside = Trim(line.substr(1, line.find(']') - 1)) == profile;
      continue;
    }
    const size_t equals = line.find('=');
    if (!inside || equals == std::string_view::npos || line.starts_with('#')) continue;
    SetKey(ToLower(Trim(line.substr(0, equals))), Trim(line.substr(equals + 1)), &credentials);
  }
  if (credentials.access_key.empty() || credentials.secret_key.empty()) {
    return NotFound(fmt::format("no AWS credentials for the profile {}", Quote(profile)));
  }
  return credentials;
}

std::string AwsEndpoint(std::string_view service, std::string_view region) {
  return fmt::format("https://{}.{}.amazonaws.com{}/", service, region,
                     region.starts_with("cn-") ? ".cn" : "");
}

std::string XmlText(std::string_view xml, std::string_view element) {
  const std::string open = fmt::format("<{}>", element);
  const size_t start = xml.find(open);
  if (start == std::string_view::npos) return "";
  const size_t text = start + open.size();
  const size_t end = xml.find("</", text);
  return end == std::string_view::npos ? "" : std::string(Trim(xml.substr(text, end - text)));
}

StatusOr<AwsCredentials> AwsCredentialSource::Own() const {
  if (!settings_.credentials.access_key.empty()) return settings_.credentials;
  if (settings_.credentials_file.empty()) {
    return InvalidArgument("no AWS credentials: none in sigv4, environment or a file");
  }
  const StatusOr<std::string> text = ReadFile(settings_.credentials_file);
  if (!text.ok()) return absl::UnavailableError(Message(text.status()));
  return CredentialsOfProfile(*text, settings_.profile);
}

StatusOr<SendResult> AwsCredentialSource::Get(HttpAttempt& attempt, AwsCredentials* credentials) {
  if (settings_.role_arn.empty()) {
    *credentials = TRY(Own());
    attempt.Hide(credentials->secret_key);
    return SendResult::Delivered();
  }
  {
    const absl::MutexLock lock(&mutex_);
    if (attempt.tools().clock.NowNanos() < role_ends_at_ - kRefreshBefore) {
      *credentials = role_;
      return SendResult::Delivered();
    }
  }
  return AssumeRole(attempt, credentials);
}

StatusOr<SendResult> AwsCredentialSource::AssumeRole(HttpAttempt& attempt,
                                                     AwsCredentials* credentials) {
  const AwsCredentials own = TRY(Own());
  attempt.Hide(own.secret_key);
  std::vector<std::pair<std::string, std::string>> form = {{"Action", "AssumeRole"},
                                                           {"RoleArn", settings_.role_arn},
                                                           {"RoleSessionName", "outrider"},
                                                           {"Version", "2011-06-15"}};
  if (!settings_.external_id.empty()) form.emplace_back("ExternalId", settings_.external_id);
  const Nanos now = attempt.tools().clock.NowNanos();
  HttpClientRequest request = TRY(
      attempt.Request("POST", AwsEndpoint("sts", settings_.region), kFormType, FormEncode(form)));
  const SigV4Request to_sign{
      request.method, request.url, {{"Content-Type", std::string(kFormType)}}, request.body};
  for (auto& header : SigV4Headers(to_sign, own, settings_.region, "sts", now)) {
    request.headers.push_back(std::move(header));
  }
  SendResult result = TRY(attempt.Call(std::move(request), "-role"));
  if (result.outcome != SendResult::Outcome::kDelivered) return result;
  const std::string& xml = attempt.answer().body;
  AwsCredentials role{XmlText(xml, "AccessKeyId"), XmlText(xml, "SecretAccessKey"),
                      XmlText(xml, "SessionToken")};
  const StatusOr<Nanos> ends_at = ParseRfc3339(XmlText(xml, "Expiration"));
  if (role.access_key.empty() || role.secret_key.empty() || !ends_at.ok()) {
    return SendResult::Retry("the answer of STS holds no credentials", "authError");
  }
  attempt.Hide(role.secret_key);
  attempt.Hide(role.session_token);
  const absl::MutexLock lock(&mutex_);
  role_ = role;
  role_ends_at_ = *ends_at;
  *credentials = std::move(role);
  return result;
}

}  // namespace outrider
