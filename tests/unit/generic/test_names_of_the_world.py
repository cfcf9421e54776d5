"""Names in the forms that access networks, clouds and senders really use, on documentation addresses.

The forms are general knowledge about each network; the octets in them are those of the two addresses below. Held as shares,
since a form more or less is no defect: at most one good name in a hundred called generic, at least 95 generated ones found.
"""

from ipaddress import ip_address

from truehelo.facts.names import is_fqdn
from truehelo.generic import classify

V4, V6 = ip_address("203.0.113.77"), ip_address("2001:db8:12:34:56:78:9abc:def1")

GENERATED_V4 = """
ec2-203-0-113-77.compute-1.amazonaws.com
ec2-203-0-113-77.eu-central-1.compute.amazonaws.com
77.113.0.203.bc.googleusercontent.com
203-0-113-77.ip.linodeusercontent.com
li1234-56.members.linode.com
203.0.113.77.vultrusercontent.com
203.0.113.77.vultr.com
static.77.113.0.203.clients.your-server.de
vps-1a2b3c4d.vps.ovh.net
ip12.ip-203-0-113.eu
ns3012345.ip-203-0-113.eu
vps765432.ovh.net
vmi123456.contaboserver.net
vmd12345.contaboserver.net
ip203-0-113-77.pbiaas.com
s12345678.onlinehome-server.info
h2345678.stratoserver.net
ip-203-0-113-77.ip.secureserver.net
203-0-113-77.de-fra1.upcloud.host
203-0-113-77.rev.poneytelecom.eu
77.113.0.203.instances.scw.cloud
77-113-0-203.instances.scw.cloud
ecs-203-0-113-77.reverse.open-telekom-cloud.com
cip-203-0-113-77.gb1.brightbox.com
srv123456.hstgr.cloud
v22019010101234567.ultrasrv.de
v2202209123456.happysrv.de
hosted-by.leaseweb.com
hosted-by.hostdoc.net
unassigned.quadranet.com
203.0.113.77.static.quadranet.com
c-203-0-113-77.hsd1.ca.comcast.net
c-203-0-113-77.unallocated.comcastbusiness.net
203-0-113-77-static.hfc.comcastbusiness.net
pool-203-0-113-77.nycmny.fios.verizon.net
static-203-0-113-77.nycmny.fios.verizon.net
cpe-203-0-113-77.nyc.res.rr.com
rrcs-203-0-113-77.nyc.biz.rr.com
syn-203-000-113-077.res.spectrum.com
wsip-203-0-113-77.ph.ph.cox.net
ip203-0-113-77.ph.ph.cox.net
adsl-203-0-113-77.dsl.pltn13.sbcglobal.net
203-0-113-77.lightspeed.sntcca.sbcglobal.net
203-0-113-77.lightspeed.rcsntx.sbcglobal.net
d-203-0-113-77.wi.cpe.atlanticbb.net
static-203-0-113-77.frontiernet.net
203-0-113-77.dyn.centurytel.net
203-0-113-77.phnx.qwest.net
host-203-0-113-77.bln-mt.client.bresnan.net
ool-cb00714d.dyn.optonline.net
ool-cb00714d.static.optonline.net
mobile-203-0-113-77.mycingular.net
pcb00714d.dip0.t-ipconnect.de
dslb-203-0-113-77.188.001.pools.vodafone-ip.de
ip-203-0-113-77.hsi15.unitymediagroup.de
ipcb00714d.dynamic.kabel-deutschland.de
dynamic-203-000-113-077.77.1.pool.telefonica.de
xcb00714d.dyn.telefonica.de
icb00714d.versanet.de
port-203-0-113-77.dynamic.as20676.net
mue-203-0-113-77.dsl.tropolys.de
ppp-203-0-113-77.dynamic.mnet-online.de
host-203-0-113-77.netcologne.de
xdsl-203-0-113-77.nc.de
77.113.0.203.dynamic.wline.res.cust.swisscom.ch
77-113-0-203.static.wline.lns.sme.cust.swisscom.ch
adsl-203-0-113-77.adslplus.ch
chello203000113077.12.11.vie.surfer.at
203-0-113-77.adsl.highway.telekom.at
lfbn-par-1-123-45.w203-0.abo.wanadoo.fr
aputeaux-123-0-113-77.w203-0.abo.wanadoo.fr
77.113.0.203.rev.sfr.net
203-0-113-77.subs.proxad.net
abc12-1-203-0-113-77.fbx.proxad.net
203-0-113-77.abo.bbox.fr
host203-0-113-77.range203-0.btcentralplus.com
host-203-0-113-77.as13285.net
cb00714d.skybroadband.com
cpc12345-hari77-113-0-cust123.20-2.cable.virginm.net
77.113.0.203.dyn.plus.net
host-203-0-113-77.retail.telecomitalia.it
host77-113-dynamic.0-203-r.retail.telecomitalia.it
203-0-113-77.ip37.fastwebnet.it
net-203-0-113-77.cust.vodafonedsl.it
adsl-ull-77-113.0-203.net24.it
203-0-113-77.cable.dynamic.v4.ziggo.nl
ipcb00714d.direct-adsl.nl
203-0-113-77.fixed.kpn.net
12.113-0-203.adsl-dyn.isp.belgacom.be
dcb00714d.access.telenet.be
203-0-113-77-no2204.tbcn.telia.com
h-12-34.a189.priv.bahnhof.se
0xcb00714d.hjnxx9.dynamic.dsl.tele.dk
ti0123a400-1234.bb.online.no
dsl-hkibrasgw1-50dd12-34.dhcp.inet.fi
static-203-0-113-77.ipcom.comunitel.net
12.red-203-0-113.dynamicip.rima-tde.net
203.0.113.77.dyn.user.ono.com
bl4-123-45.dsl.telepac.pt
a203-0-113-77.cpe.netcabo.pt
abcd123.neoplus.adsl.tpnet.pl
user-203-0-113-77.play-internet.pl
ip-203-0-113-77.net.upcbroadband.cz
catv-203-0-113-77.catv.broadband.hu
203-0-113-77.pool.digikabel.hu
ppp203000113077.access.hol.gr
athedsl-123456.home.otenet.gr
203.0.113.77.dynamic.ttnet.com.tr
bzq-203-0-113-77.red.bezeqint.net
pppoe-203-0-113-77.broadband.corbina.ru
broadband-203-0-113-77.ip.moscow.rt.ru
ip-203-0-113-77.tele2.ru
203-0-113-77.user3p.brasiltelecom.net.br
203-0-113-77.dsl.telesp.net.br
cb00714d.virtua.com.br
203-0-113-77.net.prima.net.ar
dsl-203-0-113-77-dyn.prod-infinitum.com.mx
customer-203-0-113-77.cablevision.net.mx
softbank203000113077.bbtec.net
p1234567-ipoe.ipoe.ocn.ne.jp
kd203000113077.au-net.ne.jp
203-0-113-77.hinet-ip.hinet.net
n203000113077.netvigator.com
cm203-0-113-77.hkcable.com.hk
bb203-0-113-77.singnet.com.sg
ppp-203-0-113-77.revip2.asianet.co.th
static-mum-203.0.113.77.mtnl.net.in
abts-north-dynamic-077.113.000.203.airtelbroadband.in
cpe-203-0-113-77.vb04.vic.asp.telstra.net
ppp203-0-113-77.lns20.mel6.internode.on.net
d203-0-113-77.mas800.nsw.optusnet.com.au
203-0-113-77.adsl.xtra.co.nz
203-0-113-77.dynamic.isadsl.co.za
host-203.0.113.77-static.tedata.net
bras-base-toroon0123w-grc-12-203-0-113-77.dsl.bell.ca
d203-0-113-77.home.cgocable.net
s0106a84e3f123456.vc.shawcable.net
node-1w7j.pool-203-0.dynamic.totinternet.net
203.0.113.77.static.hostnoc.example
ip-203-0-113-77.us-west-2.compute.internal
host77.203-0-113.telecom.net.ar
modemcable077.113-0-203.mc.videotron.ca
""".split()
GENERATED_V6 = """
p200300c0123456780123456789abcdef.dip0.t-ipconnect.de
ptr-abcdefghijk.12abcde.18120a2.ip6.access.telenet.be
8.8.b.d.0.1.0.0.2.ip6.isp.example
dynamic-2a02-8108-1234-5678-9abc-def0-1111-2222.pool6.isp.example
cpe-2001-db8-1-2-3-4-5-6.v6.isp.example
2001-1c00-1234-5678-9abc-def0-1234-5678.cable.dynamic.v6.ziggo.nl
2001-db8-12-34-56-78-9abc-def1.clients.isp.example
ip6-2001-db8-12-34--1.clients.isp.example
1.f.e.d.c.b.a.9.8.7.0.0.6.5.0.0.4.3.0.0.2.1.0.0.8.b.d.0.1.0.0.2.dyn.isp.example
cpe-56-78-9abc-def1.v6.isp.example
""".split()
GOOD_V4 = """
mail.example.com
mx1.mailchannels.net
mail-ed1-f50.google.com
mail-lf1-f169.google.com
a8-1.smtp-out.amazonses.com
a48-110.smtp-out.amazonses.com
b224-15.smtp-out.eu-central-1.amazonses.com
o1.ptr1234.example.com
o203-0-113-77.outbound-mail.sendgrid.net
wrqvtbkv.outbound-mail.sendgrid.net
mail-am6eur05on20701.outbound.protection.outlook.com
nam12-bn8-obe.outbound.protection.outlook.com
sonic314-20.consmr.mail.ne1.yahoo.com
sonic301-3.consmr.mail.bf2.yahoo.com
mout.gmx.net
mout-xforward.gmx.net
mout.kundenserver.de
mailout07.t-online.de
relay12.mail.gandi.net
wout3-smtp.messagingengine.com
out5-smtp.messagingengine.com
fhigh-b3-smtp.messagingengine.com
mail-40133.protonmail.ch
mail-4316.protonmail.ch
m43-7.mailgun.net
m226-12.eu.mailgun.net
mta-0-113-77.sparkpostmail.com
mta-212-161.sparkpostmail.com
sc-ord-mta121.mtasv.net
pm-mta-out-103.mtasv.net
mail182-12.suw11.mcsv.net
mail133-4.atl131.mandrillapp.com
203-0-113-77.mail-mail.facebook.com
spring-chicken-ad.twitter.com
mailfd-ab.linkedin.com
maile-fd.linkedin.com
out-23.smtp.github.com
out-1.smtp.github.com
vger.kernel.org
mail-out-auth1.hosts.co.uk
smtp-out1.suse.de
mx0a-001b2d01.pphosted.com
mx0b-00082601.pphosted.com
us-smtp-delivery-124.mimecast.com
eu-smtp-delivery-151.mimecast.com
outbound-ip29a.ess.barracuda.com
mail1.bemta25.messagelabs.com
esa1.hc1234-56.iphmx.com
mail6.bemta12.messagelabs.com
mx-out1.mail.icloud.com
st43p00im-ztdg10071801.me.com
pv50p00im-zteg10011401.me.com
rly03.hostinger.io
delivery.mailspamprotection.com
server217.web-hosting.com
premium77-113.web-hosting.com
box5678.bluehost.com
gator4123.hostgator.com
ns1.dreamhost.com
pdx1-sub0-mail-a12.g.dreamhost.com
cp12.hosting.example
s1-12.mail.example.org
mailer-203-0.example.com
smtp-203.mail.example.com
node17.cluster2.example.net
vm-25.dc1.example.net
srv01.dc2.example.com
host1.example.com
web25.example.com
lists.example.org
mx-a.static.example.com
static1.mail.example.com
customer-relay-12.example.com
pool1.mail.example.com
smtp-pool-3.example.com
dynamic-mail1.example.com
mail.cable24.example
mx1.dslprovider.example
mail2.dynect.net
nat1.mail.example.com
e2k16-mbx01.corp.example.com
exch2019-3.example.com
mx20.2019.example.com
cafe1234.example.com
mx-01-eu-west-1.prod.hydra.sophos.com
esp12-34.mta.example.com
r12.mail.example.com
bounce-113-12.example.com
news12.crsend.com
mta0-8.emarsys.net
e2ma-45-12.e2ma.net
""".split()
GOOD_V6 = """
mail-2001.example.com
mx6.example.com
a2001db8.mail.example.com
ip6-mx.example.net
beef.dead.example.net
mail-ot1-x330.google.com
mail-lf1-x12a.google.com
mx2.freebsd.org
""".split()

GENERATED = [(name, V4) for name in GENERATED_V4] + [(name, V6) for name in GENERATED_V6]
GOOD = [(name, V4) for name in GOOD_V4] + [(name, V6) for name in GOOD_V6]


def test_the_names_are_names_and_each_stands_once() -> None:
    names = [name for name, _ in GENERATED + GOOD]
    assert len(set(names)) == len(names)
    assert [name for name in names if not is_fqdn(name)] == []
    assert len(GENERATED) > 140
    assert len(GOOD) > 95


def test_generated_names_are_found() -> None:
    missed = [name for name, ip in GENERATED if not classify(name, ip)]
    assert len(missed) <= 0.05 * len(GENERATED), missed


def test_good_names_are_left_alone() -> None:
    blamed = [name for name, ip in GOOD if classify(name, ip)]
    assert len(blamed) <= 0.01 * len(GOOD), blamed
