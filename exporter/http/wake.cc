// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/wake.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "absl/synchronization/notification.h"

namespace outrider {
namespace {

constexpr int kPokeEveryMs = 20;

// Starts a connection and drops it; failing is fine.
void Poke(const ListenAddress& listener) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(listener.port));
  if (inet_pton(AF_INET, listener.host.c_str(), &address.sin_addr) != 1 ||
      address.sin_addr.s_addr == 0) {
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return;
  const auto* target = reinterpret_cast<const sockaddr*>(&address);
  // NOLINTNEXTLINE(bugprone-unused-return-value): connecting or not, the listener has woken up.
  static_cast<void>(connect(socket_fd, target, sizeof(address)));
  close(socket_fd);
}

}  // namespace

void StopCivetweb(mg_context* context, const std::vector<ListenAddress>& listeners) {
  absl::Notification done;
  std::jthread stopper([context, &done] {
    mg_stop(context);
    done.Notify();
  });
  while (!done.WaitForNotificationWithTimeout(absl::Milliseconds(kPokeEveryMs))) {
    for (const ListenAddress& listener : listeners) Poke(listener);
  }
}

}  // namespace outrider
