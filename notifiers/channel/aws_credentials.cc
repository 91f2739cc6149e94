// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/aws_credentials.h"

#include <fmt/format.h>

#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

StatusOr<SendResult> Taken(StatusOr<AwsTemporary> from, AwsTemporary* found) {
  *found = TRY(std::move(from));
  return SendResult::Delivered();
}

std::string StsUrl(const AwsSettings& settings) {
  if (!settings.environment.sts_url.empty()) return settings.environment.sts_url;
  return AwsEndpoint(settings.fips_sts ? "sts-fips" : "sts", settings.region);
}

}  // namespace

AwsSettings ReadAwsSettings(const YamlNode& sigv4, const AwsEnvironment& environment) {
  AwsSettings settings;
  settings.environment = environment;
  settings.credentials = {ScalarText(sigv4, "access_key"), ScalarText(sigv4, "secret_key"), ""};
  settings.profile = ScalarText(sigv4, "profile");
  settings.region = ScalarText(sigv4, "region", environment.region);
  if (settings.region.empty()) {
    const auto profile =
        ProfileOf(environment, settings.profile.empty() ? environment.profile : settings.profile);
    if (profile.ok()) settings.region = profile->region;
  }
  settings.role_arn = ScalarText(sigv4, "role_arn");
  settings.external_id = ScalarText(sigv4, "external_id");
  settings.fips_sts = ScalarText(sigv4, "use_fips_sts_endpoint") == "true";
  return settings;
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

StatusOr<SendResult> AwsCredentialSource::Get(HttpAttempt& attempt, AwsCredentials* credentials) {
  const Nanos now = attempt.tools().clock.NowNanos();
  AwsTemporary kept;
  {
    const absl::MutexLock lock(&mutex_);
    kept = kept_;
  }
  const bool usable = !kept.credentials.access_key.empty() && now < kept.ends_at;
  if (!usable || now >= kept.ends_at - kept.renew_before) {
    AwsTemporary fresh;
    const StatusOr<SendResult> result = Fetch(attempt, &fresh);
    if (result.ok() && result->outcome == SendResult::Outcome::kDelivered) {
      kept = std::move(fresh);
      const absl::MutexLock lock(&mutex_);
      if (kept.ends_at != 0) kept_ = kept;  // files and the like are read again
    } else if (!usable) {
      return result;
    }
  }
  attempt.Hide(kept.credentials.secret_key);
  if (!kept.credentials.session_token.empty()) attempt.Hide(kept.credentials.session_token);
  *credentials = std::move(kept.credentials);
  return SendResult::Delivered();
}

StatusOr<SendResult> AwsCredentialSource::Fetch(HttpAttempt& attempt, AwsTemporary* found) {
  return settings_.role_arn.empty() ? Own(attempt, found) : AssumeRole(attempt, found);
}

StatusOr<SendResult> AwsCredentialSource::Own(HttpAttempt& attempt, AwsTemporary* found) {
  const AwsEnvironment& environment = settings_.environment;
  if (!settings_.credentials.access_key.empty()) {
    found->credentials = settings_.credentials;
    return SendResult::Delivered();
  }
  if (settings_.profile.empty() && !environment.credentials.access_key.empty() &&
      !environment.credentials.secret_key.empty()) {
    found->credentials = environment.credentials;
    return SendResult::Delivered();
  }
  if (settings_.profile.empty() && !environment.web_identity_file.empty()) {
    return WebIdentity(attempt, environment.web_identity_file, environment.role_arn,
                       environment.role_session_name, found);
  }
  return OfProfile(attempt, found);
}

StatusOr<SendResult> AwsCredentialSource::OfProfile(HttpAttempt& attempt, AwsTemporary* found) {
  const AwsEnvironment& environment = settings_.environment;
  const std::string& name = settings_.profile.empty() ? environment.profile : settings_.profile;
  StatusOr<AwsProfile> profile = ProfileOf(environment, name);
  // Nobody need have a default profile; one that was asked for has to be there.
  if (!profile.ok() && (!absl::IsNotFound(profile.status()) || name != "default")) {
    return profile.status();
  }
  if (profile.ok() && profile->HasKeys()) {
    found->credentials = profile->credentials;
    return SendResult::Delivered();
  }
  if (profile.ok() && !profile->not_supported.empty()) {
    return InvalidArgument(
        fmt::format("AWS profile {}: {} is not supported", Quote(name), profile->not_supported));
  }
  if (profile.ok() && !profile->web_identity_file.empty()) {
    return WebIdentity(attempt, profile->web_identity_file, profile->role_arn,
                       profile->role_session_name, found);
  }
  if (!environment.container_uri.empty()) {
    return Taken(ContainerCredentials(environment, attempt), found);
  }
  if (!environment.metadata_off) return Taken(MachineCredentials(environment, attempt), found);
  return absl::UnavailableError(
      "no AWS credentials: none in sigv4, the environment, the shared files or from a container, "
      "and AWS_EC2_METADATA_DISABLED is set");
}

StatusOr<SendResult> AwsCredentialSource::WebIdentity(HttpAttempt& attempt,
                                                      const std::string& token_file,
                                                      const std::string& role,
                                                      const std::string& session,
                                                      AwsTemporary* found) {
  if (role.empty()) return InvalidArgument("a role is wanted for the web identity: AWS_ROLE_ARN");
  const StatusOr<std::string> token = ReadFile(token_file);
  if (!token.ok()) return absl::UnavailableError(Message(token.status()));
  attempt.Hide(std::string(Trim(*token)));
  return CallSts(attempt,
                 {.form = {{"Action", "AssumeRoleWithWebIdentity"},
                           {"RoleArn", role},
                           {"RoleSessionName", session.empty() ? "outrider" : session},
                           {"Version", "2011-06-15"},
                           {"WebIdentityToken", std::string(Trim(*token))}},
                  .signer = nullptr,
                  .suffix = "-identity"},
                 found);
}

StatusOr<SendResult> AwsCredentialSource::AssumeRole(HttpAttempt& attempt, AwsTemporary* found) {
  AwsTemporary own;
  SendResult result = TRY(Own(attempt, &own));
  if (result.outcome != SendResult::Outcome::kDelivered) return result;
  attempt.Hide(own.credentials.secret_key);
  StsCall call{.form = {{"Action", "AssumeRole"},
                        {"RoleArn", settings_.role_arn},
                        {"RoleSessionName", "outrider"},
                        {"Version", "2011-06-15"}},
               .signer = &own.credentials,
               .suffix = "-role"};
  if (!settings_.external_id.empty()) call.form.emplace_back("ExternalId", settings_.external_id);
  return CallSts(attempt, call, found);
}

StatusOr<SendResult> AwsCredentialSource::CallSts(HttpAttempt& attempt, const StsCall& call,
                                                  AwsTemporary* found) {
  HttpClientRequest request =
      TRY(attempt.Request("POST", StsUrl(settings_), kFormType, FormEncode(call.form)));
  if (call.signer != nullptr) {
    const SigV4Request to_sign{
        request.method, request.url, {{"Content-Type", std::string(kFormType)}}, request.body};
    for (auto& header : SigV4Headers(to_sign, *call.signer, settings_.region, "sts",
                                     attempt.tools().clock.NowNanos())) {
      request.headers.push_back(std::move(header));
    }
  }
  SendResult result = TRY(attempt.Call(std::move(request), call.suffix));
  if (result.outcome != SendResult::Outcome::kDelivered) return result;
  const std::string& xml = attempt.answer().body;
  found->credentials = {XmlText(xml, "AccessKeyId"), XmlText(xml, "SecretAccessKey"),
                        XmlText(xml, "SessionToken")};
  const StatusOr<Nanos> ends_at = ParseRfc3339(XmlText(xml, "Expiration"));
  if (found->credentials.access_key.empty() || found->credentials.secret_key.empty() ||
      !ends_at.ok()) {
    return SendResult::Retry("the answer of STS holds no credentials", "authError");
  }
  attempt.Hide(found->credentials.secret_key);
  attempt.Hide(found->credentials.session_token);
  found->ends_at = *ends_at;
  return result;
}

}  // namespace outrider
