"""pyftpdlib for .ci/steps/ftp.sh: ftp_server.py ADDRESS PORT FOLDER USER [tls]"""

import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

address, port, folder, user, *tls = sys.argv[1:]
authorizer = DummyAuthorizer()
authorizer.add_anonymous(folder + "/root")
authorizer.add_user(user, "right p@ss", folder + "/root")
handler = TLS_FTPHandler if tls else FTPHandler
handler.authorizer = authorizer
handler.auth_failed_timeout = 0
if tls:
    handler.certfile = folder + "/server.pem"
    handler.tls_control_required = True
    handler.tls_data_required = True
FTPServer((address, int(port)), handler).serve_forever()
