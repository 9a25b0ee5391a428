BEGIN TRANSACTION;
CREATE TABLE addresses (
	line INTEGER NOT NULL, 
	address_id TEXT NOT NULL, 
	residence_id TEXT NOT NULL, 
	house_number TEXT NOT NULL, 
	street TEXT NOT NULL, 
	postcode TEXT NOT NULL, 
	commune TEXT NOT NULL, 
	building TEXT NOT NULL, 
	staircase TEXT NOT NULL, 
	CONSTRAINT pk_addresses PRIMARY KEY (line)
);
INSERT INTO "addresses" VALUES(0,'A00001','R001','14','rue du 11-Novembre-1918','93170','Bagnolet','A','');
INSERT INTO "addresses" VALUES(1,'A00002','R001','14','rue du 11-Novembre-1918','93170','Bagnolet','B','');
INSERT INTO "addresses" VALUES(2,'A00003','R002','3 bis','place de l''Église, côté cour','94500','Champigny-sur-Marne','','1');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0005');
CREATE TABLE arrival_bodies (
	arrival_id INTEGER NOT NULL, 
	raw BLOB NOT NULL, 
	CONSTRAINT pk_arrival_bodies PRIMARY KEY (arrival_id), 
	CONSTRAINT fk_arrival_bodies_arrival_id FOREIGN KEY(arrival_id) REFERENCES arrivals (id) ON DELETE CASCADE
);
INSERT INTO "arrival_bodies" VALUES(1,X'46726F6D3A2068756775657474652E6A6F6C7940636F75727269656C2E6578616D706C650A546F3A20636F6E74616374406261696C6C6575722E6578616D706C650A446174653A205475652C203234204E6F7620323032362031303A30313A3030202B303130300A4D6573736167652D49443A203C6D31406C696272652E6578616D706C653E0A5375626A6563743A2046756974650A436F6E74656E742D547970653A20746578742F706C61696E3B20636861727365743D7574662D380A0A426F6E6A6F75722C0A0A47726F73736520667569746520642765617520736F7573206C27C3A976696572206465206C612063756973696E652E0A0A436F726469616C656D656E740A');
INSERT INTO "arrival_bodies" VALUES(2,X'46726F6D3A207A6F65406C696272652E6578616D706C650A546F3A20636F6E74616374406261696C6C6575722E6578616D706C650A446174653A205475652C203234204E6F7620323032362031303A30323A3030202B303130300A4D6573736167652D49443A203C6D32406C696272652E6578616D706C653E0A5375626A6563743A20436166617264730A436F6E74656E742D547970653A20746578742F706C61696E3B20636861727365743D7574662D380A0A44657320636166617264732064616E73206C612063756973696E6520646570756973206C756E64692E0A');
INSERT INTO "arrival_bodies" VALUES(3,X'46726F6D3A206C656F406C696272652E6578616D706C650A546F3A20636F6E74616374406261696C6C6575722E6578616D706C650A446174653A205475652C203234204E6F7620323032362031303A30333A3030202B303130300A4D6573736167652D49443A203C6D33406C696272652E6578616D706C653E0A4175746F2D5375626D69747465643A206175746F2D7265706C6965640A5375626A6563743A20416273656E63650A436F6E74656E742D547970653A20746578742F706C61696E3B20636861727365743D7574662D380A0A416273656E74206A7573717527617520332064C3A963656D6272652E0A');
INSERT INTO "arrival_bodies" VALUES(4,X'46726F6D3A20616461406C696272652E6578616D706C650A546F3A20636F6E74616374406261696C6C6575722E6578616D706C650A446174653A205475652C203234204E6F7620323032362031303A30343A3030202B303130300A4D6573736167652D49443A203C6D34406C696272652E6578616D706C653E0A5375626A6563743A20496C6C697369626C650A436F6E74656E742D547970653A20746578742F706C61696E3B20636861727365743D7574662D380A0A780A');
INSERT INTO "arrival_bodies" VALUES(5,X'46726F6D3A207A6F65406C696272652E6578616D706C650A546F3A20636F6E74616374406261696C6C6575722E6578616D706C650A446174653A205475652C203234204E6F7620323032362031303A30353A3030202B303130300A4D6573736167652D49443A203C6D35406C696272652E6578616D706C653E0A496E2D5265706C792D546F3A203C6D32406C696272652E6578616D706C653E0A5375626A6563743A2052653A20436166617264730A436F6E74656E742D547970653A20746578742F706C61696E3B20636861727365743D7574662D380A0A546F756A6F7572732064657320636166617264732E0A');
INSERT INTO "arrival_bodies" VALUES(6,X'46726F6D3A206D6178406C696272652E6578616D706C650A546F3A20636F6E74616374406261696C6C6575722E6578616D706C650A446174653A205475652C203234204E6F7620323032362031303A30363A3030202B303130300A4D6573736167652D49443A203C6D36406C696272652E6578616D706C653E0A5375626A6563743A2047617A0A436F6E74656E742D547970653A20746578742F706C61696E3B20636861727365743D7574662D380A0A466F727465206F646575722064652067617A2064616E73206C652068616C6C2E0A');
CREATE TABLE arrivals (
	id INTEGER NOT NULL, 
	channel TEXT NOT NULL, 
	external_id TEXT NOT NULL, 
	received_at DATETIME NOT NULL, 
	media_type TEXT NOT NULL, 
	envelope JSON, 
	size INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER DEFAULT '0' NOT NULL, 
	not_before DATETIME, 
	claimed_by TEXT, 
	claimed_at DATETIME, 
	settled_at DATETIME, 
	kind TEXT, 
	reason TEXT, 
	forced_case BOOLEAN DEFAULT 0 NOT NULL, in_turn BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_arrivals PRIMARY KEY (id), 
	CONSTRAINT ck_arrivals_state CHECK (state IN ('waiting', 'claimed', 'judged', 'set_aside', 'parked')), 
	CONSTRAINT uq_arrivals_channel UNIQUE (channel, external_id)
);
INSERT INTO "arrivals" VALUES(1,'smtp','old-1','2026-11-24 09:31:00.000000','message/rfc822','{"mail_from":"huguette.joly@courriel.example","recipients":["contact@bailleur.example"],"client":"192.0.2.1"}',263,'judged',1,NULL,NULL,NULL,'2026-11-24 09:40:01.000000','case',NULL,0,0);
INSERT INTO "arrivals" VALUES(2,'smtp','old-2','2026-11-24 09:32:00.000000','message/rfc822','{"mail_from":"zoe@libre.example","recipients":["contact@bailleur.example"],"client":"192.0.2.1"}',222,'judged',1,NULL,NULL,NULL,'2026-11-24 09:40:02.000000','case',NULL,0,0);
INSERT INTO "arrivals" VALUES(3,'smtp','old-3','2026-11-24 09:33:00.000000','message/rfc822','{"mail_from":"leo@libre.example","recipients":["contact@bailleur.example"],"client":"192.0.2.1"}',238,'set_aside',1,NULL,NULL,NULL,'2026-11-24 09:40:03.000000','automatic',NULL,0,0);
INSERT INTO "arrivals" VALUES(4,'smtp','old-4','2026-11-24 09:34:00.000000','message/rfc822','{"mail_from":"ada@libre.example","recipients":["contact@bailleur.example"],"client":"192.0.2.1"}',184,'parked',1,NULL,NULL,NULL,'2026-11-24 09:40:04.000000',NULL,'UnreadableArrivalError',0,0);
INSERT INTO "arrivals" VALUES(5,'smtp','old-5','2026-11-24 09:35:00.000000','message/rfc822','{"mail_from":"zoe@libre.example","recipients":["contact@bailleur.example"],"client":"192.0.2.1"}',238,'judged',1,NULL,NULL,NULL,'2026-11-24 09:40:05.000000','case',NULL,0,0);
INSERT INTO "arrivals" VALUES(6,'smtp','old-6','2026-11-24 09:36:00.000000','message/rfc822','{"mail_from":"max@libre.example","recipients":["contact@bailleur.example"],"client":"192.0.2.1"}',209,'waiting',0,NULL,NULL,NULL,NULL,NULL,NULL,0,0);
CREATE TABLE caretaker_absences (
	line INTEGER NOT NULL, 
	caretaker_id TEXT NOT NULL, 
	start_date DATE NOT NULL, 
	end_date DATE, 
	replacement_id TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	CONSTRAINT pk_caretaker_absences PRIMARY KEY (line)
);
INSERT INTO "caretaker_absences" VALUES(0,'G001','2026-11-09','2026-11-18','G003','sick');
INSERT INTO "caretaker_absences" VALUES(1,'G003','2026-12-01','2026-12-05','','training');
CREATE TABLE caretaker_assignments (
	line INTEGER NOT NULL, 
	caretaker_id TEXT NOT NULL, 
	address_id TEXT NOT NULL, 
	start_date DATE, 
	end_date DATE, 
	CONSTRAINT pk_caretaker_assignments PRIMARY KEY (line)
);
INSERT INTO "caretaker_assignments" VALUES(0,'G001','A00001','2023-01-09',NULL);
INSERT INTO "caretaker_assignments" VALUES(1,'G002','A00001','2023-01-09',NULL);
INSERT INTO "caretaker_assignments" VALUES(2,'G001','A00002','2023-01-09',NULL);
INSERT INTO "caretaker_assignments" VALUES(3,'G003','A00003','2023-01-09',NULL);
CREATE TABLE caretakers (
	line INTEGER NOT NULL, 
	caretaker_id TEXT NOT NULL, 
	title TEXT NOT NULL, 
	last_name TEXT NOT NULL, 
	first_name TEXT NOT NULL, 
	email TEXT NOT NULL, 
	phone TEXT NOT NULL, 
	lodge TEXT NOT NULL, 
	office_id TEXT NOT NULL, 
	CONSTRAINT pk_caretakers PRIMARY KEY (line)
);
INSERT INTO "caretakers" VALUES(0,'G001','Mme','Carvalho','Isabel','isabel.carvalho@bailleur.example','0710072175','Loge La Maladrerie','nord');
INSERT INTO "caretakers" VALUES(1,'G002','M.','Konaté','Kouadio','kouadio.konate@bailleur.example','0724810575','Loge La Maladrerie','nord');
INSERT INTO "caretakers" VALUES(2,'G003','Mme','Karoui','Nawel','nawel.karoui@bailleur.example','0677651970','Loge de l''Abbé','agence');
CREATE TABLE case_links (
	case_id INTEGER NOT NULL, 
	other_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	CONSTRAINT pk_case_links PRIMARY KEY (case_id, other_id), 
	CONSTRAINT ck_case_links_kind CHECK (kind IN ('linked', 'merged', 'split')), 
	CONSTRAINT fk_case_links_case_id FOREIGN KEY(case_id) REFERENCES cases (id), 
	CONSTRAINT fk_case_links_other_id FOREIGN KEY(other_id) REFERENCES cases (id)
);
CREATE TABLE case_numbers (
	year INTEGER NOT NULL, 
	last INTEGER NOT NULL, 
	CONSTRAINT pk_case_numbers PRIMARY KEY (year)
);
INSERT INTO "case_numbers" VALUES(2026,4);
CREATE TABLE cases (
	id INTEGER NOT NULL, 
	number TEXT NOT NULL, 
	state TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	office_id TEXT NOT NULL, 
	queue TEXT NOT NULL, 
	priority TEXT NOT NULL, 
	due DATETIME NOT NULL, 
	opened_at DATETIME NOT NULL, 
	closed_at DATETIME, 
	owner TEXT, 
	topic TEXT, 
	rule TEXT, 
	read_in_full BOOLEAN NOT NULL, 
	subject TEXT NOT NULL, 
	who TEXT NOT NULL, 
	why TEXT NOT NULL, 
	tenant_id TEXT, 
	dwelling_id TEXT, 
	residence_id TEXT, waiting_until DATETIME, done_reason TEXT, tags JSON, by_hand JSON, version INTEGER DEFAULT '1' NOT NULL, party TEXT, 
	CONSTRAINT pk_cases PRIMARY KEY (id), 
	CONSTRAINT ck_cases_priority CHECK (priority IN ('P1', 'P2', 'P3', 'P4')), 
	CONSTRAINT ck_cases_state CHECK (state IN ('open', 'closed')), 
	CONSTRAINT uq_cases_number UNIQUE (number)
);
INSERT INTO "cases" VALUES(1,'2026-000001','open','email','nord','nord','P2','2026-11-24 13:31:00.000000','2026-11-24 09:40:01.000000',NULL,NULL,'water_leak','routing.yaml:fuite',1,'Fuite','huguette.joly@courriel.example','« fuite d''eau » ; règle fuite','T000001','L000001','R001',NULL,NULL,NULL,NULL,1,NULL);
INSERT INTO "cases" VALUES(2,'2026-000002','open','email','agence','agence-accueil','P3','2026-11-26 09:32:00.000000','2026-11-24 09:40:02.000000',NULL,NULL,'pests','routing.yaml:logement-et-immeuble',1,'Cafards','zoe@libre.example','« Cafards » ; règle logement-et-immeuble',NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL);
INSERT INTO "cases" VALUES(3,'2026-000003','open','email','AG','agence-accueil','P2','2026-11-24 13:30:00.000000','2026-11-24 09:40:04.000000',NULL,NULL,NULL,NULL,0,'Au secours','Nadia Benali <Nadia.Benali@free.example>','non lu en entier',NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL);
INSERT INTO "cases" VALUES(4,'2026-000004','open','email','agence','agence-accueil','P3','2026-11-26 09:35:00.000000','2026-11-24 09:40:05.000000',NULL,NULL,'pests','routing.yaml:logement-et-immeuble',1,'Re: Cafards','zoe@libre.example','« cafards » ; règle logement-et-immeuble',NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL);
CREATE TABLE confirmed_contacts (
	value TEXT NOT NULL, 
	tenant_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	confirmed_at DATETIME NOT NULL, 
	confirmed_by TEXT NOT NULL, 
	CONSTRAINT pk_confirmed_contacts PRIMARY KEY (value, tenant_id), 
	CONSTRAINT ck_confirmed_contacts_kind CHECK (kind IN ('address', 'number'))
);
INSERT INTO "confirmed_contacts" VALUES('zoe@libre.example','T000001','address','2026-11-24 09:30:00.000000','paul');
CREATE TABLE contacts (
	id INTEGER NOT NULL, 
	arrival_id INTEGER NOT NULL, 
	case_id INTEGER, 
	kind TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	at DATETIME, 
	judged_at DATETIME, 
	sender_name TEXT NOT NULL, 
	sender_address TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	thread JSON NOT NULL, phone_key TEXT, topic TEXT, outcome TEXT, tenant_id TEXT, dwelling_id TEXT, residence_id TEXT, fingerprint TEXT, party TEXT, 
	CONSTRAINT pk_contacts PRIMARY KEY (id), 
	CONSTRAINT fk_contacts_arrival_id FOREIGN KEY(arrival_id) REFERENCES arrivals (id), 
	CONSTRAINT fk_contacts_case_id FOREIGN KEY(case_id) REFERENCES cases (id), 
	CONSTRAINT uq_contacts_arrival_id UNIQUE (arrival_id)
);
INSERT INTO "contacts" VALUES(1,1,1,'case','email','2026-11-24 09:01:00.000000','2026-11-24 09:40:01.000000','','huguette.joly@courriel.example','Fuite','m1@libre.example','[]',NULL,'water_leak',NULL,'T000001','L000001','R001',NULL,NULL);
INSERT INTO "contacts" VALUES(2,2,2,'case','email','2026-11-24 09:02:00.000000','2026-11-24 09:40:02.000000','','zoe@libre.example','Cafards','m2@libre.example','[]',NULL,'pests',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "contacts" VALUES(3,3,NULL,'automatic','email','2026-11-24 09:03:00.000000','2026-11-24 09:40:03.000000','','leo@libre.example','Absence','m3@libre.example','[]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "contacts" VALUES(4,4,3,'case','email','2026-11-24 09:30:00.000000',NULL,'Nadia Benali','nadia.benali@free.example','Au secours','','[]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "contacts" VALUES(5,5,4,'case','email','2026-11-24 09:05:00.000000','2026-11-24 09:40:05.000000','','zoe@libre.example','Re: Cafards','m5@libre.example','["m2@libre.example"]',NULL,'pests',NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE directory_versions (
	number INTEGER NOT NULL, 
	imported_at DATETIME NOT NULL, 
	imported_by TEXT NOT NULL, 
	CONSTRAINT pk_directory_versions PRIMARY KEY (number)
);
INSERT INTO "directory_versions" VALUES(1,'2026-11-24 09:30:00.000000','import');
CREATE TABLE dwellings (
	line INTEGER NOT NULL, 
	dwelling_id TEXT NOT NULL, 
	address_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	building TEXT NOT NULL, 
	staircase TEXT NOT NULL, 
	floor TEXT NOT NULL, 
	door TEXT NOT NULL, 
	unit_reference TEXT NOT NULL, 
	CONSTRAINT pk_dwellings PRIMARY KEY (line)
);
INSERT INTO "dwellings" VALUES(0,'L000001','A00001','dwelling','A','','11','F','933321.89');
INSERT INTO "dwellings" VALUES(1,'L000002','A00002','dwelling','B','','3','D','978104.48');
INSERT INTO "dwellings" VALUES(2,'L000003','A00003','dwelling','','1','RDC','','744305.15');
INSERT INTO "dwellings" VALUES(3,'L000004','A00003','parking','','','-1','P12','744305.99');
INSERT INTO "dwellings" VALUES(4,'L000005','A00003','commercial','','','0','','744305.01');
CREATE TABLE equipment (
	line INTEGER NOT NULL, 
	number TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	address_id TEXT NOT NULL, 
	CONSTRAINT pk_equipment PRIMARY KEY (line)
);
INSERT INTO "equipment" VALUES(0,'07009354764261','elevator_alarm','A00003');
CREATE TABLE events (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	case_id INTEGER, 
	arrival_id INTEGER, 
	at DATETIME NOT NULL, 
	who TEXT NOT NULL, 
	what TEXT NOT NULL, 
	data JSON NOT NULL, 
	CONSTRAINT ck_events_subject CHECK (case_id IS NOT NULL OR arrival_id IS NOT NULL), 
	CONSTRAINT fk_events_arrival_id FOREIGN KEY(arrival_id) REFERENCES arrivals (id), 
	CONSTRAINT fk_events_case_id FOREIGN KEY(case_id) REFERENCES cases (id)
);
INSERT INTO "events" VALUES(1,1,1,'2026-11-24 09:40:01.000000','worker','opened','{"kind":"case","queue":"nord","priority":"P2","rule":"routing.yaml:fuite","rules_version":"c83f2370520a"}');
INSERT INTO "events" VALUES(2,2,2,'2026-11-24 09:40:02.000000','worker','opened','{"kind":"case","queue":"agence-accueil","priority":"P3","rule":"routing.yaml:logement-et-immeuble","rules_version":"c83f2370520a"}');
INSERT INTO "events" VALUES(3,NULL,3,'2026-11-24 09:40:03.000000','worker','judged','{"kind":"automatic","queue":null,"priority":"P4","rule":"routing.yaml:message-automatique","rules_version":"c83f2370520a"}');
INSERT INTO "events" VALUES(4,3,4,'2026-11-24 09:40:04.000000','worker','parked','{"reason":"UnreadableArrivalError","attempt":1}');
INSERT INTO "events" VALUES(5,4,5,'2026-11-24 09:40:05.000000','worker','opened','{"kind":"case","queue":"agence-accueil","priority":"P3","rule":"routing.yaml:logement-et-immeuble","rules_version":"c83f2370520a"}');
CREATE TABLE followers (
	channel TEXT NOT NULL, 
	name TEXT NOT NULL, 
	until DATETIME NOT NULL, 
	CONSTRAINT pk_followers PRIMARY KEY (channel)
);
CREATE TABLE judgements (
	contact_id INTEGER NOT NULL, 
	decision JSON NOT NULL, 
	judgement JSON NOT NULL, 
	CONSTRAINT pk_judgements PRIMARY KEY (contact_id), 
	CONSTRAINT fk_judgements_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id) ON DELETE CASCADE
);
INSERT INTO "judgements" VALUES(1,'{"source":"old-1","channel":"email","kind":"case","tenant":{"id":"T000001","probability":0.9891},"candidates":[{"id":"T000001","probability":0.9891},{"id":"T000002","probability":0.0109}],"dwelling":{"id":"L000001","probability":1.0},"residence":{"id":"R001","probability":1.0},"caretaker":null,"caretakers":["G001","G002"],"topic":"water_leak","topics":["water_leak"],"scope":null,"priority":"P2","office":"nord","queue":"nord","rule":"routing.yaml:fuite","due":"2026-11-24T14:31:00+01:00","joins":null}','{"source":"old-1","contact":{"channel":"email","at":"2026-11-24T10:01:00+01:00","sender":{"name":"","address":"huguette.joly@courriel.example"},"reply_to":{"name":"","address":""},"recipients":[{"name":"","address":"contact@bailleur.example"}],"subject":"Fuite","new_text":"Bonjour,\n\nGrosse fuite d''eau sous l''évier de la cuisine.\n\nCordialement","signature":"","quoted_text":"","disclaimer":"","forwarded":[],"attachments":[],"message_id":"m1@libre.example","in_reply_to":[],"references":[],"language":"","automatic_signs":[],"trusted_verdicts":[],"notes":[],"call":null,"standing":null},"match":{"candidates":[{"tenant_id":"T000001","dwelling_id":"L000001","residence_id":"R001","probability":0.9890718483421774,"score":24.0,"evidence":[{"name":"email.known","weight":24.0,"seen":"huguette.joly@courriel.example","span":{"part":"sender_address","start":0,"end":30},"detail":"Mme Huguette Joly"}]},{"tenant_id":"T000002","dwelling_id":"L000001","residence_id":"R001","probability":0.01092780329755416,"score":17.5,"evidence":[{"name":"email.household","weight":18.0,"seen":"huguette.joly@courriel.example","span":{"part":"sender_address","start":0,"end":30},"detail":"Mme Huguette Joly"}]}],"tenant":{"id":"T000001","probability":0.9890718483421774},"dwelling":{"id":"L000001","probability":0.9999996516397317},"residence":{"id":"R001","probability":0.9999996516397317},"office_id":"nord","place_evidence":[],"caretakers":[{"id":"G001","replaces":null},{"id":"G002","replaces":null}],"equipment":null},"understanding":{"kind":"case","topics":["water_leak"],"priority":"P2","findings":[{"topic":"water_leak","points":14.44,"evidence":[{"name":"topic.word","weight":6.0,"seen":"fuite d''eau","span":{"part":"new_text","start":17,"end":28},"detail":"« fuite/fuites ... chauffage/eau/sanitaire/commune/encastrée/persistante »"},{"name":"topic.word","weight":6.0,"seen":"fuite d''eau sous l''évier de la cuisine","span":{"part":"new_text","start":17,"end":55},"detail":"« fuite ... cuisine »"},{"name":"topic.word","weight":6.0,"seen":"fuite d''eau sous","span":{"part":"new_text","start":17,"end":33},"detail":"« fuite ... parking/cave/sous/hall/couloir/palier »"},{"name":"topic.word","weight":6.0,"seen":"fuite d''eau sous l''évier","span":{"part":"new_text","start":17,"end":41},"detail":"« fuite ... douche/baignoire/évier/lavabo »"},{"name":"topic.word","weight":5.0,"seen":"Fuite","span":{"part":"subject","start":0,"end":5},"detail":"« fuite »"},{"name":"topic.word","weight":1.25,"seen":"Fuite","span":{"part":"subject","start":0,"end":5},"detail":"« fuit »"}],"defused":[]}],"raised_by":[],"kind_evidence":[],"scope":null,"scope_evidence":[]},"decision":{"kind":"case","priority":"P2","office_id":"nord","queue":"nord","due":"2026-11-24T14:31:00+01:00","rule":"routing.yaml:fuite","rules_version":"c83f2370520a","notify":[],"answer":"fuite","trace":[],"failures":[]}}');
INSERT INTO "judgements" VALUES(2,'{"source":"old-2","channel":"email","kind":"case","tenant":null,"candidates":[],"dwelling":null,"residence":null,"caretaker":null,"caretakers":[],"topic":"pests","topics":["pests"],"scope":null,"priority":"P3","office":"agence","queue":"agence-accueil","rule":"routing.yaml:logement-et-immeuble","due":"2026-11-26T10:32:00+01:00","joins":null}','{"source":"old-2","contact":{"channel":"email","at":"2026-11-24T10:02:00+01:00","sender":{"name":"","address":"zoe@libre.example"},"reply_to":{"name":"","address":""},"recipients":[{"name":"","address":"contact@bailleur.example"}],"subject":"Cafards","new_text":"Des cafards dans la cuisine depuis lundi.","signature":"","quoted_text":"","disclaimer":"","forwarded":[],"attachments":[],"message_id":"m2@libre.example","in_reply_to":[],"references":[],"language":"","automatic_signs":[],"trusted_verdicts":[],"notes":[],"call":null,"standing":null},"match":{"candidates":[],"tenant":null,"dwelling":null,"residence":null,"office_id":null,"place_evidence":[],"caretakers":[],"equipment":null},"understanding":{"kind":"case","topics":["pests"],"priority":"P3","findings":[{"topic":"pests","points":7.8,"evidence":[{"name":"topic.word","weight":7.5,"seen":"Cafards","span":{"part":"subject","start":0,"end":7},"detail":"« cafard »"},{"name":"topic.word","weight":6.0,"seen":"cafards","span":{"part":"new_text","start":4,"end":11},"detail":"« cafard »"}],"defused":[]}],"raised_by":[],"kind_evidence":[],"scope":null,"scope_evidence":[]},"decision":{"kind":"case","priority":"P3","office_id":"agence","queue":"agence-accueil","due":"2026-11-26T10:32:00+01:00","rule":"routing.yaml:logement-et-immeuble","rules_version":"c83f2370520a","notify":[],"answer":"accuse-reception","trace":[],"failures":[]}}');
INSERT INTO "judgements" VALUES(3,'{"source":"old-3","channel":"email","kind":"automatic","tenant":null,"candidates":[],"dwelling":null,"residence":null,"caretaker":null,"caretakers":[],"topic":"automatic","topics":["automatic"],"scope":null,"priority":"P4","office":null,"queue":null,"rule":"routing.yaml:message-automatique","due":null,"joins":null}','{"source":"old-3","contact":{"channel":"email","at":"2026-11-24T10:03:00+01:00","sender":{"name":"","address":"leo@libre.example"},"reply_to":{"name":"","address":""},"recipients":[{"name":"","address":"contact@bailleur.example"}],"subject":"Absence","new_text":"Absent jusqu''au 3 décembre.","signature":"","quoted_text":"","disclaimer":"","forwarded":[],"attachments":[],"message_id":"m3@libre.example","in_reply_to":[],"references":[],"language":"","automatic_signs":["Auto-Submitted: auto-replied"],"trusted_verdicts":[],"notes":[],"call":null,"standing":null},"match":{"candidates":[],"tenant":null,"dwelling":null,"residence":null,"office_id":null,"place_evidence":[],"caretakers":[],"equipment":null},"understanding":{"kind":"automatic","topics":["automatic"],"priority":"P4","findings":[],"raised_by":[],"kind_evidence":[{"name":"kind.structure","weight":6.0,"seen":"Auto-Submitted: auto-replied","span":null,"detail":""},{"name":"kind.automatic","weight":1.0,"seen":"Absent","span":{"part":"new_text","start":0,"end":6},"detail":"« absent »"},{"name":"kind.automatic","weight":1.0,"seen":"Absent","span":{"part":"new_text","start":0,"end":6},"detail":"« absente »"}],"scope":null,"scope_evidence":[]},"decision":{"kind":"automatic","priority":"P4","office_id":null,"queue":null,"due":null,"rule":"routing.yaml:message-automatique","rules_version":"c83f2370520a","notify":[],"answer":null,"trace":[],"failures":[]}}');
INSERT INTO "judgements" VALUES(5,'{"source":"old-5","channel":"email","kind":"case","tenant":null,"candidates":[],"dwelling":null,"residence":null,"caretaker":null,"caretakers":[],"topic":"pests","topics":["pests"],"scope":null,"priority":"P3","office":"agence","queue":"agence-accueil","rule":"routing.yaml:logement-et-immeuble","due":"2026-11-26T10:35:00+01:00","joins":null}','{"source":"old-5","contact":{"channel":"email","at":"2026-11-24T10:05:00+01:00","sender":{"name":"","address":"zoe@libre.example"},"reply_to":{"name":"","address":""},"recipients":[{"name":"","address":"contact@bailleur.example"}],"subject":"Re: Cafards","new_text":"Toujours des cafards.","signature":"","quoted_text":"","disclaimer":"","forwarded":[],"attachments":[],"message_id":"m5@libre.example","in_reply_to":["m2@libre.example"],"references":[],"language":"","automatic_signs":[],"trusted_verdicts":[],"notes":[],"call":null,"standing":null},"match":{"candidates":[],"tenant":null,"dwelling":null,"residence":null,"office_id":null,"place_evidence":[],"caretakers":[],"equipment":null},"understanding":{"kind":"case","topics":["pests"],"priority":"P3","findings":[{"topic":"pests","points":6.18,"evidence":[{"name":"topic.word","weight":6.0,"seen":"cafards","span":{"part":"new_text","start":13,"end":20},"detail":"« cafard »"},{"name":"topic.word","weight":3.6,"seen":"Cafards","span":{"part":"subject","start":4,"end":11},"detail":"« cafard »"}],"defused":[]}],"raised_by":[],"kind_evidence":[],"scope":null,"scope_evidence":[]},"decision":{"kind":"case","priority":"P3","office_id":"agence","queue":"agence-accueil","due":"2026-11-26T10:35:00+01:00","rule":"routing.yaml:logement-et-immeuble","rules_version":"c83f2370520a","notify":[],"answer":"accuse-reception","trace":[],"failures":[]}}');
CREATE TABLE leases (
	line INTEGER NOT NULL, 
	tenant_id TEXT NOT NULL, 
	lease_id TEXT NOT NULL, 
	dwelling_id TEXT NOT NULL, 
	role TEXT NOT NULL, 
	title TEXT NOT NULL, 
	last_name TEXT NOT NULL, 
	birth_name TEXT NOT NULL, 
	first_name TEXT NOT NULL, 
	email TEXT NOT NULL, 
	phones JSON NOT NULL, 
	lease_start DATE, 
	lease_end DATE, 
	CONSTRAINT pk_leases PRIMARY KEY (line)
);
INSERT INTO "leases" VALUES(0,'T000001','3900689/60','L000001','holder','Mme','Joly','Martinez','Huguette','huguette.joly@courriel.example','["0644602314","01 43 00 00 01"]','2019-11-28',NULL);
INSERT INTO "leases" VALUES(1,'T000002','3900689/60','L000001','co_holder','M.','Joly','','Jean-Luc','','["+33 6 16 73 31 85"]','2019-11-28',NULL);
INSERT INTO "leases" VALUES(2,'T000001','1179789/46','L000004','holder','Mme','Joly','Martinez','Huguette','huguette.joly@courriel.example','["0644602314"]','2020-02-01',NULL);
INSERT INTO "leases" VALUES(3,'T000003','2893596/11','L000002','holder','M.','Maréchal','','Noël','noel@courriel.example','[]','2001-11-14','2024-06-30');
INSERT INTO "leases" VALUES(4,'T000004','5511223/07','L000003','holder','M.','Ménard dit Petit','','Paul','','["0725642291"]','1992-08-24',NULL);
INSERT INTO "leases" VALUES(5,'T000005','C633408','L000005','commercial','','Bar-tabac des Familles','','','contact@bar.example','["0945261620"]','2015-04-01',NULL);
CREATE TABLE log_lines (
	id INTEGER NOT NULL, 
	channel TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	group_id TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	kind TEXT NOT NULL, 
	raw BLOB NOT NULL, 
	told INTEGER, 
	CONSTRAINT pk_log_lines PRIMARY KEY (id), 
	CONSTRAINT uq_log_lines_channel UNIQUE (channel, "key")
);
CREATE TABLE offices (
	line INTEGER NOT NULL, 
	office_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	address TEXT NOT NULL, 
	postcode TEXT NOT NULL, 
	commune TEXT NOT NULL, 
	email TEXT NOT NULL, 
	phone TEXT NOT NULL, 
	CONSTRAINT pk_offices PRIMARY KEY (line)
);
INSERT INTO "offices" VALUES(0,'agence','Agence des Tilleuls','agency','2 avenue du Marché','94500','Champigny-sur-Marne','agence@bailleur.example','0162667380');
INSERT INTO "offices" VALUES(1,'nord','Bureau Nord','proximity_office','14 rue Malmaison','93170','Bagnolet','nord@bailleur.example','01 19 04 59 51');
CREATE TABLE outbox (
	id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	to_address TEXT NOT NULL, 
	mail_from TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	raw BLOB NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER DEFAULT '0' NOT NULL, 
	created_at DATETIME NOT NULL, 
	not_before DATETIME, 
	claimed_by TEXT, 
	settled_at DATETIME, 
	told TEXT, 
	CONSTRAINT pk_outbox PRIMARY KEY (id), 
	CONSTRAINT ck_outbox_state CHECK (state IN ('waiting', 'claimed', 'sent', 'refused', 'no_such_address', 'given_up', 'bounced')), 
	CONSTRAINT ck_outbox_kind CHECK (kind IN ('answer', 'reply', 'notice')), 
	CONSTRAINT fk_outbox_case_id FOREIGN KEY(case_id) REFERENCES cases (id), 
	CONSTRAINT uq_outbox_message_id UNIQUE (message_id)
);
CREATE TABLE positions (
	channel TEXT NOT NULL, 
	place TEXT NOT NULL, 
	CONSTRAINT pk_positions PRIMARY KEY (channel)
);
CREATE TABLE probes (
	id INTEGER NOT NULL, 
	filler BLOB NOT NULL, 
	CONSTRAINT pk_probes PRIMARY KEY (id)
);
CREATE TABLE residences (
	line INTEGER NOT NULL, 
	residence_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	aliases JSON NOT NULL, 
	commune TEXT NOT NULL, 
	postcode TEXT NOT NULL, 
	insee_code TEXT NOT NULL, 
	department TEXT NOT NULL, 
	office_id TEXT NOT NULL, 
	CONSTRAINT pk_residences PRIMARY KEY (line)
);
INSERT INTO "residences" VALUES(0,'R001','La Maladrerie','["Mala","La Mala"]','Bagnolet','93170','93006','93','nord');
INSERT INTO "residences" VALUES(1,'R002','Cité de l''Abbé-Grégoire','[]','Champigny-sur-Marne','94500','94017','94','agence');
CREATE TABLE rule_changes (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	daemon TEXT NOT NULL, 
	version TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	taken BOOLEAN NOT NULL
);
CREATE TABLE rule_versions (
	version TEXT NOT NULL, 
	taken_at DATETIME NOT NULL, 
	archive BLOB NOT NULL, 
	CONSTRAINT pk_rule_versions PRIMARY KEY (version)
);
CREATE TABLE rules_in_force (
	daemon TEXT NOT NULL, 
	version TEXT NOT NULL, 
	since DATETIME NOT NULL, 
	refused TEXT, 
	refused_at DATETIME, 
	problems JSON, 
	CONSTRAINT pk_rules_in_force PRIMARY KEY (daemon), 
	CONSTRAINT fk_rules_in_force_version FOREIGN KEY(version) REFERENCES rule_versions (version)
);
CREATE TABLE signing_keys (
	id INTEGER NOT NULL, 
	"key" BLOB NOT NULL, 
	CONSTRAINT pk_signing_keys PRIMARY KEY (id)
);
CREATE TABLE storms (
	topic TEXT NOT NULL, 
	department TEXT NOT NULL, 
	began_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	cases INTEGER NOT NULL, 
	CONSTRAINT pk_storms PRIMARY KEY (topic, department)
);
CREATE TABLE timers (
	id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	step TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	data JSON NOT NULL, 
	state TEXT NOT NULL, 
	settled_at DATETIME, 
	CONSTRAINT pk_timers PRIMARY KEY (id), 
	CONSTRAINT ck_timers_state CHECK (state IN ('waiting', 'done', 'needless')), 
	CONSTRAINT fk_timers_case_id FOREIGN KEY(case_id) REFERENCES cases (id), 
	CONSTRAINT uq_timers_case_id UNIQUE (case_id, step)
);
CREATE TABLE undeliverable_addresses (
	address TEXT NOT NULL, 
	since DATETIME NOT NULL, 
	told TEXT NOT NULL, 
	CONSTRAINT pk_undeliverable_addresses PRIMARY KEY (address)
);
CREATE INDEX ix_arrivals_state ON arrivals (state, id) WHERE state <> 'judged';
CREATE INDEX ix_cases_dwelling_id ON cases (dwelling_id);
CREATE INDEX ix_cases_tenant_id ON cases (tenant_id);
CREATE INDEX ix_contacts_case_id ON contacts (case_id);
CREATE INDEX ix_contacts_message_id ON contacts (message_id);
CREATE INDEX ix_events_arrival_id ON events (arrival_id);
CREATE INDEX ix_events_case_id ON events (case_id);
CREATE INDEX ix_cases_open ON cases (queue, priority, due, opened_at, number, waiting_until) WHERE state = 'open';
CREATE INDEX ix_cases_residence_open ON cases (residence_id) WHERE state = 'open';
CREATE INDEX ix_case_links_other_id ON case_links (other_id);
CREATE INDEX ix_contacts_sender ON contacts (sender_address, at) WHERE sender_address <> '';
CREATE INDEX ix_contacts_phone_key ON contacts (phone_key, at) WHERE phone_key IS NOT NULL;
CREATE INDEX ix_contacts_tenant_id ON contacts (tenant_id, at) WHERE tenant_id IS NOT NULL;
CREATE INDEX ix_contacts_dwelling_id ON contacts (dwelling_id, at) WHERE dwelling_id IS NOT NULL;
CREATE INDEX ix_contacts_residence_id ON contacts (residence_id, at) WHERE residence_id IS NOT NULL;
CREATE INDEX ix_outbox_case_id ON outbox (case_id);
CREATE INDEX ix_outbox_at_work ON outbox (id) WHERE state IN ('waiting', 'claimed');
CREATE INDEX ix_outbox_answers_to ON outbox (to_address, created_at) WHERE kind = 'answer';
CREATE INDEX ix_outbox_answers_at ON outbox (created_at) WHERE kind = 'answer';
CREATE UNIQUE INDEX ix_outbox_once ON outbox (case_id, kind, reason) WHERE kind <> 'reply';
CREATE INDEX ix_contacts_fingerprint ON contacts (fingerprint, at) WHERE fingerprint IS NOT NULL;
CREATE INDEX ix_arrivals_waiting ON arrivals (received_at, id) WHERE state = 'waiting' AND NOT in_turn;
CREATE INDEX ix_arrivals_in_turn ON arrivals (id) WHERE in_turn AND state IN ('waiting', 'claimed');
CREATE UNIQUE INDEX uq_cases_call_back ON cases (party) WHERE state = 'open' AND party IS NOT NULL;
CREATE INDEX ix_contacts_party ON contacts (party, at) WHERE party IS NOT NULL;
CREATE INDEX ix_log_lines_at ON log_lines (channel, at);
CREATE INDEX ix_timers_waiting ON timers (at, id) WHERE state = 'waiting';
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',5);
COMMIT;
