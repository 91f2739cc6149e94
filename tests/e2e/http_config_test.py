#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""http_config and the mail sender against real servers on loopback: TLS with own authorities, client certificates from
files and written inline, another server name, versions, OAuth2 over TLS with a token that is refused once, proxies with
CONNECT, secrets that change in their files, STARTTLS and smtps. Every case is a receiver, sent through by
`POST /outrider/v1/receivers/NAME/test`, which says what came back."""
import base64
import http.server
import json
import os
import pathlib
import select
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

import harness


def openssl(directory, *arguments):
    subprocess.run(['openssl', *arguments], cwd=directory, check=True, capture_output=True)


def make_certificates(directory):
    """An authority, a server of 127.0.0.1, a server of the name outrider.test only, a client; and a foreign authority."""
    for ca in ('ca', 'foreign'):
        openssl(directory, 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', f'/CN={ca}', '-keyout',
                f'{ca}.key', '-out', f'{ca}.pem')
    for name, extension in (('server', 'subjectAltName=IP:127.0.0.1'), ('named', 'subjectAltName=DNS:outrider.test'),
                            ('client', 'extendedKeyUsage=clientAuth')):
        (directory / f'{name}.ext').write_text(extension)
        openssl(directory, 'req', '-newkey', 'rsa:2048', '-nodes', '-subj', f'/CN={name}', '-keyout', f'{name}.key', '-out',
                f'{name}.csr')
        openssl(directory, 'x509', '-req', '-in', f'{name}.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial',
                '-days', '2', '-out', f'{name}.pem', '-extfile', f'{name}.ext')


class QuietThreads(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a refused handshake is what the test wants


class Recorder:
    """An HTTPS (or HTTP) server: records (path, headers, body, client's certificate); `answer` makes the reply."""

    def __init__(self, context=None, answer=None):
        self.requests = []
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
                peer = self.connection.getpeercert() if hasattr(self.connection, 'getpeercert') else None
                recorder.requests.append((self.path, dict(self.headers), body, peer))
                status, text = answer(self.path, self.headers, body) if answer else (200, 'ok')
                self.send_response(status)
                if status in (307, 308):
                    self.send_header('Location', text)
                    text = ''
                self.send_header('Content-Length', str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args):
                pass

        self.server = QuietThreads(('127.0.0.1', 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.port = self.server.server_port
        self.url = f'{"https" if context else "http"}://127.0.0.1:{self.port}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Proxy:
    """Answers CONNECT by tunnelling to the port it names, whatever the host; records the request's head."""

    def __init__(self, target_port):
        self.heads = []
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                head = b''
                while not head.endswith(b'\r\n\r\n'):
                    line = self.rfile.readline()
                    if not line:
                        return
                    head += line
                proxy.heads.append(head.decode())
                self.wfile.write(b'HTTP/1.1 200 go\r\n\r\n')
                with socket.create_connection(('127.0.0.1', target_port)) as far:
                    ends = [self.connection, far]
                    while True:
                        for ready in select.select(ends, [], [])[0]:
                            data = ready.recv(65536)
                            if not data:
                                return
                            (far if ready is self.connection else self.connection).sendall(data)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self.server = Server(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_address[1]}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class TlsSmtp:
    """A mail server with STARTTLS (or TLS from the start) that offers AUTH only behind it."""

    def __init__(self, context, implicit):
        self.mails, self.logins, self.plain_auth = [], [], False
        sink = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                self.secured = None
                try:
                    self.talk()
                finally:
                    if self.secured:
                        self.secured.close()

            def secure(self):
                self.secured = context.wrap_socket(self.request, server_side=True)
                return self.secured

            def talk(self):
                connection = self.secure() if implicit else self.request
                secure = implicit
                stream = connection.makefile('rwb', buffering=0)
                say = lambda text: stream.write(text.encode() + b'\r\n')
                say('220 sink')
                while True:
                    line = stream.readline().decode().strip()
                    verb = line.upper()
                    if not line or verb == 'QUIT':
                        return
                    if verb.startswith('EHLO'):
                        say('250-sink')
                        say('250 AUTH PLAIN' if secure else '250 STARTTLS')
                    elif verb == 'STARTTLS':
                        say('220 go on')
                        connection = self.secure()
                        secure = True
                        stream = connection.makefile('rwb', buffering=0)
                        say = lambda text: stream.write(text.encode() + b'\r\n')
                    elif verb.startswith('AUTH PLAIN'):
                        sink.logins.append((secure, base64.b64decode(line.split()[2])))
                        say('235 welcome')
                    elif verb == 'DATA':
                        say('354 go on')
                        data = b''
                        while not data.endswith(b'\r\n.\r\n'):
                            data += stream.readline()
                        sink.mails.append((secure, data))
                        say('250 taken')
                    else:
                        say('250 ok')

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        self.server = Server(('127.0.0.1', 0), Handler)
        self.address = f'127.0.0.1:{self.server.server_address[1]}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class HttpConfig(harness.EndToEnd):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix='outrider-tls-')
        cls.pki = pathlib.Path(cls.holder.name)
        make_certificates(cls.pki)

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def context(self, certificate='server', clients=False, lowest=None, highest=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pki / f'{certificate}.pem', self.pki / f'{certificate}.key')
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.pki / 'ca.pem')
        if lowest:
            context.minimum_version = lowest
        if highest:
            context.maximum_version = highest
        return context

    def recorder(self, *arguments, **named):
        recorder = Recorder(*arguments, **named)
        self.addCleanup(recorder.close)
        return recorder

    def run_with(self, receivers, **environment):
        """receivers: {name: (kind, section)}, sections as JSON-able values."""
        config = {'route': {'receiver': 'none'}, 'receivers': [{'name': 'none'}]}
        for name, (kind, section) in receivers.items():
            config['receivers'].append({'name': name, f'{kind}_configs': [section]})
        self.write('alertmanager.yml', json.dumps(config))
        self.write('outrider.yml', 'alerting: {config_file: alertmanager.yml}')
        self.start_outrider()

    def send_test(self, name):
        status, body, _ = harness.request(f'{self.url}/outrider/v1/receivers/{urllib.parse.quote(name)}/test', b'{}',
                                          {'Content-Type': 'application/json'}, 'POST', timeout=30)
        self.assertEqual(status, 200, body)
        return json.loads(body)['results'][0]

    def assert_outcomes(self, wanted):
        for name, outcome in wanted.items():
            result = self.send_test(name)
            self.assertEqual(result['outcome'], outcome, f'{name}: {result}')

    def test_tls(self):
        plain = self.recorder(self.context())
        named = self.recorder(self.context('named'))
        mutual = self.recorder(self.context(clients=True))
        old = self.recorder(self.context(highest=ssl.TLSVersion.TLSv1_2))
        new = self.recorder(self.context(lowest=ssl.TLSVersion.TLSv1_3))
        files = {name: str(self.pki / name) for name in ('ca.pem', 'foreign.pem', 'client.pem', 'client.key')}
        text = {name: (self.pki / name).read_text() for name in files}

        def hook(target, **tls):
            return 'webhook', {'url': target.url + '/hook', 'http_config': {'tls_config': tls}}

        ca = files['ca.pem']
        self.run_with({
            'system authorities': hook(plain),
            'ca file': hook(plain, ca_file=ca),
            'ca inline': hook(plain, ca=text['ca.pem']),
            'foreign ca': hook(plain, ca_file=files['foreign.pem']),
            'foreign ca inline': hook(plain, ca=text['foreign.pem']),
            'no checks': hook(plain, insecure_skip_verify=True),
            'missing ca file': hook(plain, ca_file='/nowhere/ca.pem'),
            'wrong name': hook(named, ca_file=ca),
            'server name': hook(named, ca_file=ca, server_name='outrider.test'),
            'other server name': hook(plain, ca_file=ca, server_name='outrider.test'),
            'mutual without': hook(mutual, ca_file=ca),
            'mutual files': hook(mutual, ca_file=ca, cert_file=files['client.pem'], key_file=files['client.key']),
            'mutual inline': hook(mutual, ca_file=ca, cert=text['client.pem'], key=text['client.key']),
            'mutual mixed': hook(mutual, ca_file=ca, cert=text['client.pem'], key_file=files['client.key']),
            'old server': hook(old, ca_file=ca),
            'old server, at least 1.3': hook(old, ca_file=ca, min_version='TLS13'),
            'new server': hook(new, ca_file=ca),
            'new server, at most 1.2': hook(new, ca_file=ca, max_version='TLS12'),
            'http 1 only': ('webhook', {'url': plain.url, 'http_config': {'enable_http2': False,
                                                                           'tls_config': {'ca_file': ca}}}),
        })
        self.assert_outcomes({
            'system authorities': 'retry', 'ca file': 'delivered', 'ca inline': 'delivered', 'foreign ca': 'retry',
            'foreign ca inline': 'retry', 'no checks': 'delivered', 'missing ca file': 'retry', 'wrong name': 'retry',
            'server name': 'delivered', 'other server name': 'retry', 'mutual without': 'retry',
            'mutual files': 'delivered', 'mutual inline': 'delivered', 'mutual mixed': 'delivered',
            'old server': 'delivered', 'old server, at least 1.3': 'retry', 'new server': 'delivered',
            'new server, at most 1.2': 'retry', 'http 1 only': 'delivered'})
        subject = dict(pair[0] for pair in mutual.requests[0][3]['subject'])
        self.assertEqual(subject['commonName'], 'client')
        self.assertEqual(len(mutual.requests), 3)
        # The name of the certificate is not the name that is called.
        self.assertEqual(named.requests[0][1]['Host'], f'127.0.0.1:{named.port}')

    def test_an_authority_that_is_replaced(self):
        ca = self.write('rotated.pem', (self.pki / 'ca.pem').read_text())
        hooks = {name: ('webhook', {'url': self.recorder(self.context()).url, 'http_config': {'tls_config': {'ca_file': ca}}})
                 for name in ('one', 'two', 'three')}
        self.run_with(hooks)
        self.assert_outcomes({'one': 'delivered'})
        self.write('rotated.pem', (self.pki / 'foreign.pem').read_text())
        self.assert_outcomes({'two': 'retry'})
        self.write('rotated.pem', (self.pki / 'ca.pem').read_text())
        self.assert_outcomes({'three': 'delivered'})


    def test_oauth2(self):
        tokens = iter(['first', 'second', 'third'])
        issued = []

        def token(path, headers, body):
            issued.append((headers.get('Authorization'), body.decode()))
            return 200, json.dumps({'access_token': next(tokens), 'expires_in': 3600})

        def target(path, headers, body):
            return (200, 'ok') if headers.get('Authorization') == 'Bearer second' else (401, 'who?')

        issuer = self.recorder(self.context(), token)
        hook = self.recorder(None, target)
        secret = self.write('secret', 'tops3cret\n')
        oauth2 = {'client_id': 'me', 'client_secret_file': secret, 'token_url': issuer.url + '/token', 'scopes': ['a', 'b'],
                  'tls_config': {'ca_file': str(self.pki / 'ca.pem')}}
        self.run_with({'hook': ('webhook', {'url': hook.url, 'http_config': {'oauth2': oauth2}})})
        self.assert_outcomes({'hook': 'delivered'})  # refused with the first token, taken with the second
        self.assert_outcomes({'hook': 'delivered'})  # the token is kept
        self.assertEqual(len(issued), 2)
        self.assertEqual(issued[0], ('Basic ' + base64.b64encode(b'me:tops3cret').decode(),
                                     'grant_type=client_credentials&scope=a+b'))
        self.write('secret', 'another\n')
        result = self.send_test('hook')
        self.assertEqual(result['status'], 401)  # a third token, and none is left
        self.assertEqual(issued[2][0], 'Basic ' + base64.b64encode(b'me:another').decode())
        self.assertNotIn('tops3cret', self.processes[0].text())

    def test_proxies(self):
        target = self.recorder(self.context('named'))
        direct = self.recorder(self.context())
        proxy = Proxy(target.port)
        self.addCleanup(proxy.close)
        tls = {'ca_file': str(self.pki / 'ca.pem')}
        self.run_with({
            'tunnel': ('webhook', {'url': 'https://outrider.test:4711/hook', 'http_config': {
                'tls_config': tls, 'proxy_url': proxy.url, 'no_proxy': 'example.org',
                'proxy_connect_header': {'X-Proxy-Key': ['k1'], 'Proxy-Authorization': ['Basic eA==']}}}),
            'past it': ('webhook', {'url': direct.url, 'http_config': {
                'tls_config': tls, 'proxy_url': proxy.url, 'no_proxy': '127.0.0.0/8'}}),
            'not told to': ('webhook', {'url': direct.url, 'http_config': {'tls_config': tls}}),
        })
        self.assert_outcomes({'tunnel': 'delivered', 'past it': 'delivered', 'not told to': 'delivered'})
        self.assertEqual(len(proxy.heads), 1)
        self.assertIn('CONNECT outrider.test:4711 HTTP/1.1', proxy.heads[0])
        self.assertIn('X-Proxy-Key: k1', proxy.heads[0])
        self.assertIn('Proxy-Authorization: Basic eA==', proxy.heads[0])
        self.assertNotIn('X-Proxy-Key', str(target.requests[0][1]))

    def test_proxy_from_the_environment(self):
        target = self.recorder(self.context('named'))
        direct = self.recorder(self.context())
        proxy = Proxy(target.port)
        self.addCleanup(proxy.close)
        for name, value in (('HTTPS_PROXY', proxy.url), ('NO_PROXY', '127.0.0.1')):
            os.environ[name] = value
            self.addCleanup(os.environ.pop, name)
        settings = {'tls_config': {'ca_file': str(self.pki / 'ca.pem')}, 'proxy_from_environment': True}
        self.run_with({'tunnel': ('webhook', {'url': 'https://outrider.test:4711/hook', 'http_config': settings}),
                       'past it': ('webhook', {'url': direct.url, 'http_config': settings})})
        self.assert_outcomes({'tunnel': 'delivered', 'past it': 'delivered'})
        self.assertEqual(len(proxy.heads), 1)

    def test_files_headers_and_redirects(self):
        def answer(path, headers, body):
            return (307, '/there') if path == '/here' else (200, 'ok')

        sink = self.recorder(None, answer)
        user, header = self.write('user', 'anna\n'), self.write('header', 'one\n')
        common = {'basic_auth': {'username_file': user, 'password': 'pw'}, 'http_headers': {'X-From-File': {'files': [header]}}}
        self.run_with({
            'follows': ('webhook', {'url': sink.url + '/here', 'http_config': common}),
            'stays': ('webhook', {'url': sink.url + '/here', 'http_config': {**common, 'follow_redirects': False}}),
        })
        self.assert_outcomes({'follows': 'delivered', 'stays': 'rejected'})
        self.assertEqual([path for path, *_ in sink.requests], ['/here', '/there', '/here'])
        self.write('user', 'ben\n')
        self.write('header', 'two\n')
        self.assert_outcomes({'follows': 'delivered'})
        basic = lambda name: 'Basic ' + base64.b64encode(f'{name}:pw'.encode()).decode()
        self.assertEqual(sink.requests[0][1]['Authorization'], basic('anna'))
        self.assertEqual(sink.requests[0][1]['X-From-File'], 'one')
        self.assertEqual(sink.requests[-1][1]['Authorization'], basic('ben'))
        self.assertEqual(sink.requests[-1][1]['X-From-File'], 'two')
        self.assertTrue(sink.requests[0][1]['Idempotency-Key'].startswith('test-'))
        pathlib.Path(user).unlink()
        self.assert_outcomes({'follows': 'retry'})  # perhaps it is just being replaced

    def test_mail_over_tls(self):
        starttls, smtps = TlsSmtp(self.context(), False), TlsSmtp(self.context('named'), True)
        for server in (starttls, smtps):
            self.addCleanup(server.close)

        def mail(server, tls, **more):
            return 'email', {'to': 'a@example.org', 'from': 'b@example.org', 'smarthost': server.address, 'html': 'x',
                             'auth_username': 'u', 'auth_password': 'p', 'tls_config': tls, **more}

        ca = str(self.pki / 'ca.pem')
        self.run_with({
            'starttls': mail(starttls, {'ca_file': ca}),
            'unknown authority': mail(starttls, {}),
            'smtps': mail(smtps, {'ca_file': ca, 'server_name': 'outrider.test'}, force_implicit_tls=True),
            'smtps, wrong name': mail(smtps, {'ca_file': ca}, force_implicit_tls=True),
        })
        self.assert_outcomes({'starttls': 'delivered', 'unknown authority': 'retry', 'smtps': 'delivered',
                              'smtps, wrong name': 'retry'})
        for server in (starttls, smtps):
            self.assertEqual(len(server.mails), 1)
            self.assertEqual(server.logins, [(True, b'\0u\0p')])


if __name__ == '__main__':
    unittest.main()
