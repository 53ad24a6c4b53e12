/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/dialog.c -- tags, CSeq, route set and next hop (RFC 3261 section 12)
 *
 * libre's dialog sends to the Contact whatever happens.  Phones behind a
 * NAT write an address there that we cannot reach, and TCP clients a port
 * that nobody listens on; so ours remembers what the peer's last request
 * came on, and when there is no route set:
 *
 *	TCP   sends over that connection as long as it is open
 *	UDP   sends where it came from if the Contact is another literal
 *	      address than the packet's source and the Via had rport
 *
 * Threads: loop.
 */
#include <string.h>

#include "sip/private.h"


static void dialog_destructor(void *arg)
{
	struct dialog *dlg = arg;

	mem_deref(dlg->callid);
	mem_deref(dlg->ltag);
	mem_deref(dlg->rtag);
	mem_deref(dlg->local);
	mem_deref(dlg->remote);
	mem_deref(dlg->target);
	mem_deref(dlg->route);
	mem_deref(dlg->hop);
	mem_deref(dlg->flow);
}


/** A dialog of ours, not yet known to the peer */
int dialog_alloc(struct dialog **dlgp, const char *uri,
		 const char *from_uri, const char *from_name)
{
	struct dialog *dlg;
	int err;

	dlg = mem_zalloc(sizeof(*dlg), dialog_destructor);
	if (!dlg)
		return ENOMEM;

	dlg->lseq = 1 + (rand_u16() & 0x7fff);
	err  = str_dup(&dlg->target, uri);
	err |= str_dup(&dlg->route, "");
	err |= re_sdprintf(&dlg->callid, "%016llx%016llx", rand_u64(),
			   rand_u64());
	err |= re_sdprintf(&dlg->ltag, "%016llx", rand_u64());
	err |= re_sdprintf(&dlg->remote, "<%s>", uri);
	if (err)
		goto out;

	if (from_name && *from_name)
		err = re_sdprintf(&dlg->local, "\"%H\" <%s>;tag=%s",
				  text_quoted, from_name, from_uri,
				  dlg->ltag);
	else
		err = re_sdprintf(&dlg->local, "<%s>;tag=%s", from_uri,
				  dlg->ltag);

 out:
	if (err)
		mem_deref(dlg);
	else
		*dlgp = dlg;

	return err ? ENOMEM : 0;
}


struct routes {
	struct mbuf *mb;
	char *hop;
	int err;
};


static bool route_handler(const struct sip_hdr *hdr,
			  const struct sip_msg *msg, void *arg)
{
	struct routes *r = arg;
	struct sip_addr addr;
	(void)msg;

	if (sip_addr_decode(&addr, &hdr->val)) {
		r->err = EBADMSG;
		return true;
	}

	if (!r->hop)
		r->err = pl_strdup(&r->hop, &addr.auri);
	if (!r->err)
		r->err = mbuf_printf(r->mb, "Route: %r\r\n", &hdr->val);

	return r->err != 0;
}


/* Record-Route becomes the route set: as it is for the one who was asked,
 * the other way round for the one who asked */
static int dialog_routes(struct dialog *dlg, const struct sip_msg *msg)
{
	struct routes r = {mbuf_alloc(256), NULL, 0};
	char *route = NULL;

	if (!r.mb)
		return ENOMEM;

	(void)sip_msg_hdr_apply(msg, msg->req, SIP_HDR_RECORD_ROUTE,
				route_handler, &r);
	if (!r.err) {
		r.mb->pos = 0;
		r.err = mbuf_strdup(r.mb, &route, mbuf_get_left(r.mb));
	}
	if (r.err) {
		mem_deref(r.hop);
	}
	else {
		mem_deref(dlg->route);
		mem_deref(dlg->hop);
		dlg->route = route;
		dlg->hop   = r.hop;
	}
	mem_deref(r.mb);

	return r.err;
}


/* A URI that may stand in our start line, without its headers part */
static int target_dup(char **targetp, const struct sip_addr *addr)
{
	struct pl pl = addr->auri;
	size_t i;

	if (pl_strcasecmp(&addr->uri.scheme, "sip") ||
	    !pl_isset(&addr->uri.host))
		return EBADMSG;

	if (addr->uri.headers.l)
		pl.l = addr->uri.headers.p - pl.p;

	for (i = 0; i < pl.l; i++) {
		if ((uint8_t)pl.p[i] <= 0x20 || pl.p[i] == 0x7f)
			return EBADMSG;
	}

	return pl_strdup(targetp, &pl);
}


/** Target refresh: Contact of a request or 2xx; EBADMSG if there is none */
int dialog_target(struct dialog *dlg, const struct sip_msg *msg)
{
	const struct sip_hdr *contact = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct sip_addr addr;
	char *target;
	int err;

	if (!contact || sip_addr_decode(&addr, &contact->val))
		return EBADMSG;

	err = target_dup(&target, &addr);
	if (err)
		return err;

	mem_deref(dlg->target);
	dlg->target = target;

	if (msg->req) {
		mem_deref(dlg->flow);
		dlg->flow = mem_ref((void *)msg);
	}

	return 0;
}


/** The dialog that an INVITE opens; EBADMSG: answer 400 */
int dialog_accept(struct dialog **dlgp, const struct sip_msg *msg)
{
	struct dialog *dlg;
	int err;

	dlg = mem_zalloc(sizeof(*dlg), dialog_destructor);
	if (!dlg)
		return ENOMEM;

	dlg->lseq = 1 + (rand_u16() & 0x7fff);
	dlg->rseq = msg->cseq.num;
	dlg->rseq_valid = true;

	err = pl_strdup(&dlg->callid, &msg->callid);
	if (err)
		goto out;
	err = pl_strdup(&dlg->rtag, &msg->from.tag);
	if (err)
		goto out;
	err = pl_strdup(&dlg->remote, &msg->from.val);
	if (err)
		goto out;
	err = re_sdprintf(&dlg->ltag, "%016llx", msg->tag);
	if (err)
		goto out;
	err = re_sdprintf(&dlg->local, "%r;tag=%s", &msg->to.val, dlg->ltag);
	if (err)
		goto out;
	err = str_dup(&dlg->route, "");
	if (err)
		goto out;
	err = dialog_target(dlg, msg);
	if (err)
		goto out;
	err = dialog_routes(dlg, msg);

 out:
	if (err)
		mem_deref(dlg);
	else
		*dlgp = dlg;

	return err;
}


/** The 2xx to our INVITE makes the dialog whole */
int dialog_create(struct dialog *dlg, const struct sip_msg *msg)
{
	char *rtag = NULL, *remote = NULL;
	int err;

	err = dialog_target(dlg, msg);
	if (err)
		goto out;
	err = dialog_routes(dlg, msg);
	if (err)
		goto out;
	err = pl_strdup(&rtag, &msg->to.tag);
	if (err)
		goto out;
	err = pl_strdup(&remote, &msg->to.val);
	if (err)
		goto out;

	mem_deref(dlg->rtag);
	mem_deref(dlg->remote);
	dlg->rtag   = mem_ref(rtag);
	dlg->remote = mem_ref(remote);

 out:
	mem_deref(rtag);
	mem_deref(remote);

	return err;
}


/** A second 2xx to one INVITE: another phone took the call as well */
int dialog_fork(struct dialog **dlgp, const struct dialog *odlg,
		const struct sip_msg *msg)
{
	struct dialog *dlg;
	int err;

	dlg = mem_zalloc(sizeof(*dlg), dialog_destructor);
	if (!dlg)
		return ENOMEM;

	dlg->callid = mem_ref(odlg->callid);
	dlg->ltag   = mem_ref(odlg->ltag);
	dlg->local  = mem_ref(odlg->local);
	dlg->lseq   = odlg->lseq;

	err = dialog_create(dlg, msg);
	if (err)
		mem_deref(dlg);
	else
		*dlgp = dlg;

	return err;
}


bool dialog_match(const struct dialog *dlg, const struct sip_msg *msg)
{
	const struct pl *l = msg->req ? &msg->to.tag : &msg->from.tag;
	const struct pl *r = msg->req ? &msg->from.tag : &msg->to.tag;

	if (pl_strcmp(&msg->callid, dlg->callid) ||
	    pl_strcmp(l, dlg->ltag))
		return false;

	return !dlg->rtag || !pl_strcmp(r, dlg->rtag);
}


/** A request of theirs is not older than the last one */
bool dialog_seq_ok(struct dialog *dlg, const struct sip_msg *msg)
{
	if (dlg->rseq_valid && msg->cseq.num < dlg->rseq)
		return false;

	dlg->rseq = msg->cseq.num;
	dlg->rseq_valid = true;

	return true;
}


/* Where their last request came from, if that is the better way back */
static bool flow_hop(const struct dialog *dlg, const struct uri *target,
		     struct sa *addr)
{
	const struct sip_msg *msg = dlg->flow;
	struct sa lit;
	struct pl pl;

	if (!msg)
		return false;

	*addr = msg->src;
	if (msg->tp != SIP_TRANSP_UDP)
		return sip_msg_tcpconn(msg) != NULL;

	return !sa_set(&lit, &target->host, 0) &&
		!sa_cmp(&lit, &msg->src, SA_ADDR) &&
		!msg_param_exists(&msg->via.params, "rport", &pl);
}


/* The URI to send to, in text that the caller frees */
static int next_hop(const struct dialog *dlg, char **hopp)
{
	struct uri uri;
	struct pl pl;
	struct sa addr;
	int err;

	pl_set_str(&pl, dlg->hop ? dlg->hop : dlg->target);
	err = uri_decode(&uri, &pl);
	if (err)
		return err;

	if (!dlg->hop && flow_hop(dlg, &uri, &addr))
		return re_sdprintf(hopp, "sip:%J%s", &addr,
				   sip_transp_param(dlg->flow->tp));

	/* a maddr wins over the host; names that /etc/hosts knows do not
	 * need DNS */
	if (!uri.af && msg_param_decode(&uri.params, "maddr", &pl) &&
	    !addr_host_lookup(&uri.host, &addr)) {
		sa_set_port(&addr, uri.port ? uri.port : SIP_PORT);
		return re_sdprintf(hopp, "%r:%J%r", &uri.scheme, &addr,
				   &uri.params);
	}

	return str_dup(hopp, dlg->hop ? dlg->hop : dlg->target);
}


int dialog_request(struct dialog *dlg, struct sip_request **reqp,
		   struct sipstack *ss, const char *met, uint32_t cseq,
		   sip_send_h *sendh, sip_resp_h *resph, void *arg,
		   struct mbuf *tail)
{
	char *hop;
	struct uri uri;
	struct pl pl;
	int err;

	err = next_hop(dlg, &hop);
	if (err)
		return err;

	pl_set_str(&pl, hop);
	err = uri_decode(&uri, &pl);
	if (err)
		goto out;

	if (!cseq)
		cseq = dlg->lseq++;

	err = sip_requestf(reqp, ss->sip, strcmp(met, "ACK") != 0, met,
			   dlg->target, &uri, NULL, sendh, resph, arg,
			   "%s"
			   "To: %s\r\n"
			   "From: %s\r\n"
			   "Call-ID: %s\r\n"
			   "CSeq: %u %s\r\n"
			   "User-Agent: %s\r\n"
			   "%b",
			   dlg->route, dlg->remote, dlg->local, dlg->callid,
			   cseq, met, ss->software,
			   mbuf_buf(tail), mbuf_get_left(tail));

 out:
	mem_deref(hop);

	return err;
}
