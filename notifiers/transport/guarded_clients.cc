// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/guarded_clients.h"

#include <utility>

namespace outrider {
namespace {

class GuardedHttp final : public HttpClient {
 public:
  GuardedHttp(HttpClient& inner, std::vector<std::string> networks)
      : inner_(inner), networks_(std::move(networks)) {}
  StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) override {
    HttpClientRequest guarded = request;
    guarded.guard_address = true;
    guarded.allowed_networks = networks_;
    return inner_.Do(guarded);
  }

 private:
  HttpClient& inner_;
  const std::vector<std::string> networks_;
};

class GuardedSmtp final : public SmtpClient {
 public:
  GuardedSmtp(SmtpClient& inner, std::vector<std::string> networks)
      : inner_(inner), networks_(std::move(networks)) {}
  MailResult Send(const MailRequest& request) override {
    MailRequest guarded = request;
    guarded.guard_address = true;
    guarded.allowed_networks = networks_;
    return inner_.Send(guarded);
  }

 private:
  SmtpClient& inner_;
  const std::vector<std::string> networks_;
};

}  // namespace

std::unique_ptr<HttpClient> GuardHttp(HttpClient& inner,
                                      std::vector<std::string> allowed_networks) {
  return std::make_unique<GuardedHttp>(inner, std::move(allowed_networks));
}

std::unique_ptr<SmtpClient> GuardSmtp(SmtpClient& inner,
                                      std::vector<std::string> allowed_networks) {
  return std::make_unique<GuardedSmtp>(inner, std::move(allowed_networks));
}

}  // namespace outrider
