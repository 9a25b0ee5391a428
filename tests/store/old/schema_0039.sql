BEGIN TRANSACTION;
CREATE TABLE account_identities (
	issuer TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	account_id INTEGER NOT NULL, 
	CONSTRAINT pk_account_identities PRIMARY KEY (issuer, subject), 
	CONSTRAINT fk_account_identities_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE TABLE accounts (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	shown_as TEXT NOT NULL, 
	role TEXT NOT NULL, 
	office_id TEXT, 
	password TEXT, 
	created_at DATETIME NOT NULL, 
	disabled_at DATETIME, signature TEXT, email TEXT, further_offices JSON, 
	CONSTRAINT pk_accounts PRIMARY KEY (id), 
	CONSTRAINT ck_accounts_role CHECK (role IN ('agent', 'agency', 'head', 'admin', 'auditor')), 
	CONSTRAINT uq_accounts_name UNIQUE (name)
);
CREATE TABLE act_keys (
	digest TEXT NOT NULL, 
	number TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	opened TEXT, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_act_keys PRIMARY KEY (digest)
);
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
CREATE TABLE alarm_labels (
	id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	event_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	who TEXT NOT NULL, 
	act TEXT NOT NULL, 
	danger BOOLEAN NOT NULL, 
	alarm_level SMALLINT NOT NULL, 
	alarm_by TEXT, 
	alarm_score FLOAT, 
	alarm_limit FLOAT, 
	alarm_why_not TEXT, 
	CONSTRAINT pk_alarm_labels PRIMARY KEY (id), 
	CONSTRAINT fk_alarm_labels_case_id FOREIGN KEY(case_id) REFERENCES cases (id), 
	CONSTRAINT fk_alarm_labels_event_id FOREIGN KEY(event_id) REFERENCES events (id), 
	CONSTRAINT uq_alarm_labels_event_id UNIQUE (event_id)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0039');
CREATE TABLE appointments (
	id INTEGER NOT NULL, 
	office_id TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	case_id INTEGER NOT NULL, 
	who TEXT NOT NULL, 
	booked_by TEXT NOT NULL, 
	booked_at DATETIME NOT NULL, 
	CONSTRAINT pk_appointments PRIMARY KEY (id), 
	CONSTRAINT fk_appointments_case_id FOREIGN KEY(case_id) REFERENCES cases (id), 
	CONSTRAINT uq_appointments_office_id UNIQUE (office_id, at)
);
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
	forced_case BOOLEAN DEFAULT 0 NOT NULL, in_turn BOOLEAN DEFAULT 0 NOT NULL, danger_score SMALLINT, 
	CONSTRAINT pk_arrivals PRIMARY KEY (id), 
	CONSTRAINT ck_arrivals_state CHECK (state IN ('waiting', 'claimed', 'judged', 'set_aside', 'parked')), 
	CONSTRAINT uq_arrivals_channel UNIQUE (channel, external_id)
);
INSERT INTO "arrivals" VALUES(1,'smtp','old-1','2026-11-24 09:31:00.000000','message/rfc822','{"mail_from":"huguette.joly@courriel.example","recipients":["contact@bailleur.example"],"client":"192.0.2.1","backlog":false}',263,'judged',1,NULL,NULL,NULL,'2026-11-24 09:40:01.000000','case',NULL,0,0,NULL);
INSERT INTO "arrivals" VALUES(2,'smtp','old-2','2026-11-24 09:32:00.000000','message/rfc822','{"mail_from":"zoe@libre.example","recipients":["contact@bailleur.example"],"client":"192.0.2.1","backlog":false}',222,'judged',1,NULL,NULL,NULL,'2026-11-24 09:40:02.000000','case',NULL,0,0,NULL);
INSERT INTO "arrivals" VALUES(3,'smtp','old-3','2026-11-24 09:33:00.000000','message/rfc822','{"mail_from":"leo@libre.example","recipients":["contact@bailleur.example"],"client":"192.0.2.1","backlog":false}',238,'set_aside',1,NULL,NULL,NULL,'2026-11-24 09:40:03.000000','automatic',NULL,0,0,NULL);
INSERT INTO "arrivals" VALUES(4,'smtp','old-4','2026-11-24 09:34:00.000000','message/rfc822','{"mail_from":"ada@libre.example","recipients":["contact@bailleur.example"],"client":"192.0.2.1","backlog":false}',184,'parked',1,NULL,NULL,NULL,'2026-11-24 09:40:04.000000',NULL,'UnreadableArrivalError',0,0,NULL);
INSERT INTO "arrivals" VALUES(5,'smtp','old-5','2026-11-24 09:35:00.000000','message/rfc822','{"mail_from":"zoe@libre.example","recipients":["contact@bailleur.example"],"client":"192.0.2.1","backlog":false}',238,'judged',1,NULL,NULL,NULL,'2026-11-24 09:40:05.000000','case',NULL,0,0,NULL);
INSERT INTO "arrivals" VALUES(6,'smtp','old-6','2026-11-24 09:36:00.000000','message/rfc822','{"mail_from":"max@libre.example","recipients":["contact@bailleur.example"],"client":"192.0.2.1","backlog":false}',209,'waiting',0,NULL,NULL,NULL,NULL,NULL,NULL,0,0,NULL);
CREATE TABLE audit_trail (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at DATETIME NOT NULL, 
	who TEXT NOT NULL, 
	what TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	data JSON NOT NULL
);
CREATE TABLE boards (
	digest TEXT NOT NULL, 
	name TEXT NOT NULL, 
	made_at DATETIME NOT NULL, 
	CONSTRAINT pk_boards PRIMARY KEY (digest), 
	CONSTRAINT uq_boards_name UNIQUE (name)
);
CREATE TABLE canned_answers (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name TEXT NOT NULL, 
	source TEXT, 
	who TEXT NOT NULL, 
	at DATETIME NOT NULL
);
CREATE TABLE canned_uses (
	name TEXT NOT NULL, 
	day DATE NOT NULL, 
	uses INTEGER NOT NULL, 
	CONSTRAINT pk_canned_uses PRIMARY KEY (name, day)
);
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
INSERT INTO "case_links" VALUES(4,2,'linked');
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
	residence_id TEXT, waiting_until DATETIME, done_reason TEXT, tags JSON, by_hand JSON, version INTEGER DEFAULT '1' NOT NULL, party TEXT, alarm_level SMALLINT DEFAULT '2' NOT NULL, alarm_by TEXT, alarm_score FLOAT, alarm_limit FLOAT, alarm_why_not TEXT, archived_at DATETIME, erased_at DATETIME, 
	CONSTRAINT pk_cases PRIMARY KEY (id), 
	CONSTRAINT ck_cases_priority CHECK (priority IN ('P1', 'P2', 'P3', 'P4')), 
	CONSTRAINT ck_cases_state CHECK (state IN ('open', 'closed')), 
	CONSTRAINT uq_cases_number UNIQUE (number)
);
INSERT INTO "cases" VALUES(1,'2026-000001','open','email','nord','nord','P2','2026-11-24 13:31:00.000000','2026-11-24 09:40:01.000000',NULL,NULL,'water_leak','routing.yaml:fuite',1,'Fuite','huguette.joly@courriel.example','{"texts":[{"code":"words","args":{"words":["Fuite","eau","sous"]}},{"code":"rule","args":{"rule":"fuite"}}]}','T000001','L000001','R001',NULL,NULL,NULL,NULL,1,NULL,2,NULL,0.001,0.7,NULL,NULL,NULL);
INSERT INTO "cases" VALUES(2,'2026-000002','open','email','nord','nord','P3','2026-11-26 09:32:00.000000','2026-11-24 09:40:02.000000',NULL,NULL,'pests','routing.yaml:logement-et-immeuble',1,'Cafards','zoe@libre.example','{"texts":[{"code":"words","args":{"words":["Cafards","cuisine"]}},{"code":"rule","args":{"rule":"logement-et-immeuble"}}]}','T000001','L000001','R001',NULL,NULL,NULL,NULL,1,NULL,2,NULL,0.0,0.7,NULL,NULL,NULL);
INSERT INTO "cases" VALUES(3,'2026-000003','open','email','agence','agence-accueil','P2','2026-11-24 13:34:00.000000','2026-11-24 09:40:04.000000',NULL,NULL,NULL,NULL,0,'Illisible','ada@libre.example','{"texts":[{"code":"not_read"}]}',NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,2,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "cases" VALUES(4,'2026-000004','open','email','nord','nord','P3','2026-11-26 09:35:00.000000','2026-11-24 09:40:05.000000',NULL,NULL,'pests','routing.yaml:logement-et-immeuble',1,'Re: Cafards','zoe@libre.example','{"texts":[{"code":"words","args":{"words":["Cafards"]}},{"code":"rule","args":{"rule":"logement-et-immeuble"}}]}','T000001','L000001','R001',NULL,NULL,NULL,NULL,1,NULL,2,NULL,0.0,0.7,NULL,NULL,NULL);
CREATE TABLE confirmed_contacts (
	value TEXT NOT NULL, 
	tenant_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	confirmed_at DATETIME NOT NULL, 
	confirmed_by TEXT NOT NULL, case_number TEXT, 
	CONSTRAINT pk_confirmed_contacts PRIMARY KEY (value, tenant_id), 
	CONSTRAINT ck_confirmed_contacts_kind CHECK (kind IN ('address', 'number'))
);
INSERT INTO "confirmed_contacts" VALUES('zoe@libre.example','T000001','address','2026-11-24 09:40:00.000000','paul',NULL);
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
	thread JSON NOT NULL, phone_key TEXT, topic TEXT, outcome TEXT, tenant_id TEXT, dwelling_id TEXT, residence_id TEXT, fingerprint TEXT, party TEXT, proven BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_contacts PRIMARY KEY (id), 
	CONSTRAINT fk_contacts_arrival_id FOREIGN KEY(arrival_id) REFERENCES arrivals (id), 
	CONSTRAINT fk_contacts_case_id FOREIGN KEY(case_id) REFERENCES cases (id), 
	CONSTRAINT uq_contacts_arrival_id UNIQUE (arrival_id)
);
INSERT INTO "contacts" VALUES(1,1,1,'case','email','2026-11-24 09:01:00.000000','2026-11-24 09:40:01.000000','','huguette.joly@courriel.example','Fuite','m1@libre.example','[]',NULL,'water_leak',NULL,'T000001','L000001','R001','6fa7fb38d396abba2d7aa21824298dbe1f3841d60b2fc491ed02e6b207a068a6',NULL,0);
INSERT INTO "contacts" VALUES(2,2,2,'case','email','2026-11-24 09:02:00.000000','2026-11-24 09:40:02.000000','','zoe@libre.example','Cafards','m2@libre.example','[]',NULL,'pests',NULL,'T000001','L000001','R001','a866142a835928f6ceac58e7479f1a77f348ec90b65782671b3f1c10852c9406',NULL,0);
INSERT INTO "contacts" VALUES(3,3,NULL,'automatic','email','2026-11-24 09:03:00.000000','2026-11-24 09:40:03.000000','','leo@libre.example','Absence','m3@libre.example','[]',NULL,'automatic',NULL,NULL,NULL,NULL,'71747225590467648788556ddb9ec012cef1747200acad8dd87f45e0f2ed8451',NULL,0);
INSERT INTO "contacts" VALUES(4,4,3,'case','email','2026-11-24 09:04:00.000000',NULL,'','ada@libre.example','Illisible','','[]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0);
INSERT INTO "contacts" VALUES(5,5,4,'case','email','2026-11-24 09:05:00.000000','2026-11-24 09:40:05.000000','','zoe@libre.example','Re: Cafards','m5@libre.example','["m2@libre.example"]',NULL,'pests',NULL,'T000001','L000001','R001','11dc0a80dd0f0748f42c6fa03c1f461f0be3038c039543baf806816aa1fa019e',NULL,0);
CREATE TABLE daemons (
	incarnation TEXT NOT NULL, 
	name TEXT NOT NULL, 
	host TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	started_at DATETIME NOT NULL, 
	renewed_at DATETIME NOT NULL, 
	until DATETIME NOT NULL, 
	CONSTRAINT pk_daemons PRIMARY KEY (incarnation)
);
CREATE TABLE desk_devices (
	digest TEXT NOT NULL, 
	account_id INTEGER NOT NULL, 
	seen_at DATETIME NOT NULL, 
	CONSTRAINT pk_desk_devices PRIMARY KEY (digest, account_id), 
	CONSTRAINT fk_desk_devices_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE TABLE desk_sessions (
	digest TEXT NOT NULL, 
	account_id INTEGER NOT NULL, 
	opened_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, stage TEXT DEFAULT 'in' NOT NULL, id_token TEXT, 
	CONSTRAINT pk_desk_sessions PRIMARY KEY (digest), 
	CONSTRAINT fk_desk_sessions_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE TABLE directory_contents (
	number INTEGER NOT NULL, 
	content BLOB NOT NULL, 
	CONSTRAINT pk_directory_contents PRIMARY KEY (number), 
	CONSTRAINT fk_directory_contents_number FOREIGN KEY(number) REFERENCES directory_versions (number)
);
INSERT INTO "directory_contents" VALUES(1,X'789CB5574B6FE33610BEF75708BAF450CB21453DACDB26596CDA6E36088ADCDCC0A025C6664D8B29256577FBEB3B33D4C3CA3ADB02450107E4889CD7370F4ED6A17D7AD2A56AC2C5BADF6E74152EC25A1E152C075D2325ABCAA9062E85CFB6694B5BE159698FC7AEC69D3A4A6DF0706F817E5CC48F3FACD7A1DCA9BAC4E34BDA04956A82076D8CEA0C4AA2E3AFB08903F9A2EA0E2E74C127E9CAFDEF1D63AA809322491983F57A2F8FCF7A577F8D9ACE457087B47AF9EFB69264BAA5FA02B70C9E309EC559968B150363D6616D1D3A71D53925BBE0CE53CFCE7ED147DD7EDD78B7E1134F0207667C9206FC696C8D16089EA3055772575BA35A4406F8CF2B0D7811B024488B20E5E12360100268BA422B09DF919A412C8D960D5E3801F404655D374A6D7AA252CFD2B54755A32153B806C47F638CC3C1AD441F2484CC69858A919ABEC3F5537F06170BC158466BEF24610722638C806E7D54208A81F9F172BBF56474E3FC6667B5435D8F6F456B886591309ED33A86D063D5E79887AA273C50AF70DBDBAE519BBA3B6E9503B2699D2247CEA6E6B6D3A6D2F58E2E4AED4AC01A1C1384D725631EB11E388E36399F899C4777F6451DB74E45BCE0ABF3C970097F8413898AFF8BA8AB9928E145A144116C35959E915445803F625E163BA31BB5084AA49E922140A5EDDC3FD60E5AE861AF3E2B630020827D203CD0B320F49DE02C9E8BF0C9588B5A2BBF74B56E374E3D29E7E3BB4809EF5B36003E223F681CB004BBF0F307C24888982F5705A1E279E381379EF35E795E44ED3DB2E62BCE9265B23A611503AB98B3121400F6FB6B4FE4492258BAE4E9096F72CA0B25781859E11721FB3D8F27DEE2D4E4F494171353B9524B33B2B3995AD687C528D99742AB6A59B73E08F4D56FE7A172967A50AB5B5A8D6CDA4DDF5FB6DAB5FB8178D26E3A99B5ED66140F7175ED48A91A1B4146F17B18E3270A6816ABE22243EBA7B0EEADA9A8283F91825FADC1060F49D7EA5AFD05DB9FBB5DA7DA160FF7FD76F907DC7A87590BDDCA4C0D751DB22C4932160BAA2568AF890818A31FC71E16335E44505B311454DD1983903F8C59F28685A5DD4C462E271B71A7641DDD762551EBF02721822CE059908B40F060957E5F27153DCF21F38A8B241B7526FF272A6450CC221647A87F6E10A65BBC2A445A641754535305CD1100437CEB28F7435ADE59FAB235F4142873CE1052CE38A24101024B92886591F08FEEC3E87E9A721EC7E282E5A311E25B23BC09B5745550E936B85790CBDE987BD9993E262C8FD32C89E3821280170538BE8AE2E4B5EF5873D79910095B8D3AD333E577255DD4CAAD2C6938F9208FF8AA37636996B66E65D9C26BEF661180DE1A673063B03E25D288255304B07C4BE9542B0FCA51098F942FD67355FA7661E2455BED703D7DF1FD0B76E313CF27D6B5742FD2EC2D6C7F69E456A1084D9B65D91F9D1D5C72CE00589E2342B776A7825703C4340DDCF8FCA1887DB4B56CC751EDA3ED64A551F5C1EF96073C3F3F9EE57102FD39FD770AC5E8DF47E96CA7313DE56772AEC67579A0CF671565799EA5BCA0A79614CDA797F0D504D234F050E274752E6AB3D7907AE4A69254B3D022FDF671919C46657CE4A03404E447C48A29516F4E1EB3EFDC19E5C46FDF99BD6CDFDC21CFB6CD3885BE72EBBC273874D1BC81680C5398C4997898356F46B3336C01A86E2468C4E90D6B7479380DA5BFE31BD644A4BEE05A27758D6F2B59ADFEECF4B31F7661881FE6BDF9BF24BE183899C472C6A0DF2539B4880CC52BA35E646BDD0672CB1D279440FADF36E2ABFA');
CREATE TABLE directory_refusals (
	digest TEXT NOT NULL, 
	refused_at DATETIME NOT NULL, 
	told_at DATETIME, 
	CONSTRAINT pk_directory_refusals PRIMARY KEY (digest)
);
CREATE TABLE directory_versions (
	number INTEGER NOT NULL, 
	imported_at DATETIME NOT NULL, 
	imported_by TEXT NOT NULL, exported_at DATETIME, digest TEXT, counts JSON, forced JSON, restored_from INTEGER, 
	CONSTRAINT pk_directory_versions PRIMARY KEY (number)
);
INSERT INTO "directory_versions" VALUES(1,'2026-11-24 09:30:00.000000','import',NULL,NULL,'{"offices":2,"residences":2,"addresses":3,"dwellings":5,"leases":6,"caretakers":3,"assignments":4,"absences":2,"equipment":1}',NULL,NULL);
CREATE TABLE drafts (
	id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	about TEXT NOT NULL, 
	fields JSON NOT NULL, 
	revision INTEGER NOT NULL, 
	saved_at DATETIME NOT NULL, 
	writing TEXT NOT NULL, 
	CONSTRAINT pk_drafts PRIMARY KEY (id), 
	CONSTRAINT fk_drafts_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
	CONSTRAINT uq_drafts_account_id UNIQUE (account_id, about, kind, writing)
);
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
CREATE TABLE ended_writings (
	account_id INTEGER NOT NULL, 
	writing TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_ended_writings PRIMARY KEY (account_id, writing), 
	CONSTRAINT fk_ended_writings_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE TABLE entry_failures (
	account_id INTEGER NOT NULL, 
	device TEXT NOT NULL, 
	failures INTEGER NOT NULL, 
	last_at DATETIME NOT NULL, 
	CONSTRAINT pk_entry_failures PRIMARY KEY (account_id, device), 
	CONSTRAINT fk_entry_failures_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE TABLE entry_links (
	digest TEXT NOT NULL, 
	account_id INTEGER NOT NULL, 
	ends_at DATETIME NOT NULL, purpose TEXT DEFAULT 'enter' NOT NULL, 
	CONSTRAINT pk_entry_links PRIMARY KEY (digest), 
	CONSTRAINT fk_entry_links_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE TABLE equipment (
	line INTEGER NOT NULL, 
	number TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	address_id TEXT NOT NULL, 
	CONSTRAINT pk_equipment PRIMARY KEY (line)
);
INSERT INTO "equipment" VALUES(0,'07009354764261','elevator_alarm','A00003');
CREATE TABLE erasures (
	id TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	who TEXT NOT NULL, 
	counts JSON NOT NULL, 
	CONSTRAINT pk_erasures PRIMARY KEY (id)
);
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
INSERT INTO "events" VALUES(1,1,1,'2026-11-24 09:40:01.000000','worker','opened','{"kind":"case","queue":"nord","priority":"P2","alarm":"none","rule":"routing.yaml:fuite","rules_version":"aa9f1f78707a"}');
INSERT INTO "events" VALUES(2,2,2,'2026-11-24 09:40:02.000000','worker','opened','{"kind":"case","queue":"nord","priority":"P3","alarm":"none","rule":"routing.yaml:logement-et-immeuble","rules_version":"aa9f1f78707a"}');
INSERT INTO "events" VALUES(3,NULL,3,'2026-11-24 09:40:03.000000','worker','judged','{"kind":"automatic","queue":null,"priority":"P4","alarm":"none","rule":"routing.yaml:message-automatique","rules_version":"aa9f1f78707a"}');
INSERT INTO "events" VALUES(4,3,4,'2026-11-24 09:40:04.000000','worker','parked','{"reason":"UnreadableArrivalError","attempt":1}');
INSERT INTO "events" VALUES(5,4,5,'2026-11-24 09:40:05.000000','worker','opened','{"kind":"case","queue":"nord","priority":"P3","alarm":"none","rule":"routing.yaml:logement-et-immeuble","rules_version":"aa9f1f78707a","why":[{"code":"not_joined","args":{"case":"2026-000002","because":"not_verified"}}]}');
CREATE TABLE figure_periods (
	grain TEXT NOT NULL, 
	first_day DATE NOT NULL, 
	counted_at DATETIME NOT NULL, 
	keys JSON NOT NULL, 
	measures JSON NOT NULL, 
	cells BLOB NOT NULL, definitions TEXT, 
	CONSTRAINT pk_figure_periods PRIMARY KEY (grain, first_day), 
	CONSTRAINT ck_figure_periods_grain CHECK (grain IN ('day', 'week', 'month'))
);
CREATE TABLE file_pieces (
	file_id INTEGER NOT NULL, 
	place INTEGER NOT NULL, 
	octets BLOB NOT NULL, 
	CONSTRAINT pk_file_pieces PRIMARY KEY (file_id, place), 
	CONSTRAINT fk_file_pieces_file_id FOREIGN KEY(file_id) REFERENCES files (id) ON DELETE CASCADE
);
CREATE TABLE files (
	id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	draft_id INTEGER, 
	case_id INTEGER, 
	arrival_id INTEGER, 
	name TEXT NOT NULL, 
	media_type TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	state TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_files PRIMARY KEY (id), 
	CONSTRAINT fk_files_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
	CONSTRAINT fk_files_draft_id FOREIGN KEY(draft_id) REFERENCES drafts (id) ON DELETE CASCADE, 
	CONSTRAINT fk_files_case_id FOREIGN KEY(case_id) REFERENCES cases (id), 
	CONSTRAINT fk_files_arrival_id FOREIGN KEY(arrival_id) REFERENCES arrivals (id), 
	CONSTRAINT ck_files_state CHECK (state IN ('coming', 'unscanned', 'clean'))
);
CREATE TABLE followers (
	channel TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	CONSTRAINT pk_followers PRIMARY KEY (channel)
);
CREATE TABLE imported_arrivals (
	arrival_id INTEGER NOT NULL, 
	import_id INTEGER NOT NULL, 
	reached_at DATETIME NOT NULL, 
	CONSTRAINT pk_imported_arrivals PRIMARY KEY (arrival_id), 
	CONSTRAINT fk_imported_arrivals_arrival_id FOREIGN KEY(arrival_id) REFERENCES arrivals (id) ON DELETE CASCADE, 
	CONSTRAINT fk_imported_arrivals_import_id FOREIGN KEY(import_id) REFERENCES imports (id)
);
CREATE TABLE imports (
	id INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	begun_at DATETIME NOT NULL, 
	begun_by TEXT NOT NULL, 
	ended_at DATETIME, 
	ended_by TEXT, 
	CONSTRAINT pk_imports PRIMARY KEY (id)
);
CREATE TABLE judgements (
	contact_id INTEGER NOT NULL, 
	decision JSON NOT NULL, 
	judgement JSON NOT NULL, 
	CONSTRAINT pk_judgements PRIMARY KEY (contact_id), 
	CONSTRAINT fk_judgements_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id) ON DELETE CASCADE
);
INSERT INTO "judgements" VALUES(1,'{"source":"old-1","channel":"email","kind":"case","tenant":{"id":"T000001","probability":0.9897},"candidates":[{"id":"T000001","probability":0.9897},{"id":"T000002","probability":0.0103}],"dwelling":{"id":"L000001","probability":0.9975},"residence":{"id":"R001","probability":0.9991},"home":null,"caretaker":null,"caretakers":["G001","G002"],"topic":"water_leak","topics":["water_leak"],"scope":"dwelling","alarm":{"level":"none","raised_by":null,"score":0.001,"limit":0.7,"why_not":null},"priority":"P2","office":"nord","queue":"nord","rule":"routing.yaml:fuite","due":"2026-11-24T14:31:00+01:00","joins":null}','{"source":"old-1","contact":{"channel":"email","at":"2026-11-24T10:01:00+01:00","sender":{"address":"huguette.joly@courriel.example"},"recipients":[{"address":"contact@bailleur.example"}],"subject":"Fuite","new_text":"Bonjour,\n\nGrosse fuite d''eau sous l''évier de la cuisine.\n\nCordialement","message_id":"m1@libre.example"},"match":{"candidates":[{"tenant_id":"T000001","dwelling_id":"L000001","residence_id":"R001","probability":0.989690633194418,"score":22.66,"evidence":[{"name":"email.known","weight":22.66,"seen":"huguette.joly@courriel.example","span":{"part":"sender_address","start":0,"end":30},"detail":"Mme Huguette Joly"}]},{"tenant_id":"T000002","dwelling_id":"L000001","residence_id":"R001","probability":0.0103067383116193,"score":14.5,"evidence":[{"name":"account.unsigned","weight":-3.0,"seen":""},{"name":"email.household","weight":18.0,"seen":"huguette.joly@courriel.example","span":{"part":"sender_address","start":0,"end":30},"detail":"Mme Huguette Joly"}]}],"tenant":{"id":"T000001","probability":0.989690633194418},"dwelling":{"id":"L000001","probability":0.9974563641105247},"residence":{"id":"R001","probability":0.9991383322759027},"office_id":"nord","caretakers":[{"id":"G001"},{"id":"G002"}]},"understanding":{"kind":"case","topics":["water_leak"],"priority":"P2","findings":[{"topic":"water_leak","points":1.51,"evidence":[{"name":"topic.word","weight":0.92,"seen":"Fuite","span":{"part":"subject","start":0,"end":5}},{"name":"topic.word","weight":0.49,"seen":"eau","span":{"part":"new_text","start":25,"end":28}},{"name":"topic.word","weight":0.31,"seen":"sous","span":{"part":"new_text","start":29,"end":33}}]}],"scope":"dwelling","scope_evidence":[{"name":"scope.word","weight":0.81,"seen":"évier","span":{"part":"new_text","start":36,"end":41}},{"name":"scope.word","weight":0.77,"seen":"cuisine","span":{"part":"new_text","start":48,"end":55}}],"alarm":{"score":0.001,"limit":0.7}},"decision":{"kind":"case","priority":"P2","office_id":"nord","queue":"nord","due":"2026-11-24T14:31:00+01:00","rule":"routing.yaml:fuite","rules_version":"aa9f1f78707a","answer":"fuite","model_version":"4c641afb3b6f","alarm":{"score":0.001,"limit":0.7}},"joining":{"fingerprint":"6fa7fb38d396abba2d7aa21824298dbe1f3841d60b2fc491ed02e6b207a068a6","writer":{"address":"huguette.joly@courriel.example"}}}');
INSERT INTO "judgements" VALUES(2,'{"source":"old-2","channel":"email","kind":"case","tenant":{"id":"T000001","probability":0.9943},"candidates":[{"id":"T000001","probability":0.9943},{"id":"T000002","probability":0.0057}],"dwelling":{"id":"L000001","probability":0.9997},"residence":{"id":"R001","probability":0.9998},"home":null,"caretaker":null,"caretakers":["G001","G002"],"topic":"pests","topics":["pests"],"scope":"dwelling","alarm":{"level":"none","raised_by":null,"score":0.0,"limit":0.7,"why_not":null},"priority":"P3","office":"nord","queue":"nord","rule":"routing.yaml:logement-et-immeuble","due":"2026-11-26T10:32:00+01:00","joins":null}','{"source":"old-2","contact":{"channel":"email","at":"2026-11-24T10:02:00+01:00","sender":{"address":"zoe@libre.example"},"recipients":[{"address":"contact@bailleur.example"}],"subject":"Cafards","new_text":"Des cafards dans la cuisine depuis lundi.","message_id":"m2@libre.example"},"match":{"candidates":[{"tenant_id":"T000001","dwelling_id":"L000001","residence_id":"R001","probability":0.9942937795521064,"score":26.0,"evidence":[{"name":"email.confirmed","weight":26.0,"seen":"zoe@libre.example","span":{"part":"sender_address","start":0,"end":17},"detail":"Mme Huguette Joly"}]},{"tenant_id":"T000002","dwelling_id":"L000001","residence_id":"R001","probability":0.005705856661374786,"score":16.5,"evidence":[{"name":"account.unsigned","weight":-3.0,"seen":""},{"name":"email.household","weight":20.0,"seen":"zoe@libre.example","span":{"part":"sender_address","start":0,"end":17},"detail":"Mme Huguette Joly"}]}],"tenant":{"id":"T000001","probability":0.9942937795521064},"dwelling":{"id":"L000001","probability":0.9996546493706436},"residence":{"id":"R001","probability":0.9998088779554504},"office_id":"nord","caretakers":[{"id":"G001"},{"id":"G002"}]},"understanding":{"kind":"case","topics":["pests"],"priority":"P3","findings":[{"topic":"pests","points":3.99,"evidence":[{"name":"topic.word","weight":2.28,"seen":"Cafards","span":{"part":"subject","start":0,"end":7}},{"name":"topic.word","weight":0.38,"seen":"cafards","span":{"part":"new_text","start":4,"end":11}},{"name":"topic.word","weight":0.4,"seen":"cuisine","span":{"part":"new_text","start":20,"end":27}}]}],"scope":"dwelling","scope_evidence":[{"name":"scope.word","weight":0.47,"seen":"Cafards","span":{"part":"subject","start":0,"end":7}},{"name":"scope.word","weight":0.91,"seen":"cuisine","span":{"part":"new_text","start":20,"end":27}}],"alarm":{"score":0.0,"limit":0.7}},"decision":{"kind":"case","priority":"P3","office_id":"nord","queue":"nord","due":"2026-11-26T10:32:00+01:00","rule":"routing.yaml:logement-et-immeuble","rules_version":"aa9f1f78707a","answer":"accuse-reception","model_version":"4c641afb3b6f","alarm":{"score":0.0,"limit":0.7}},"joining":{"fingerprint":"a866142a835928f6ceac58e7479f1a77f348ec90b65782671b3f1c10852c9406","writer":{"address":"zoe@libre.example"}},"by_reference":{"thread":[],"alike":[],"cases":[],"register":[],"dealings":[{"party":{"tenant_id":"T000001","dwelling_id":"L000001","addresses":["zoe@libre.example"]},"since":"2026-08-24T09:32:00Z","dealings":{"open":["2026-000001"],"contacts":[1]}}],"kept":{"confirmed":[{"value":"zoe@libre.example","tenant_id":"T000001"}]}}}');
INSERT INTO "judgements" VALUES(3,'{"source":"old-3","channel":"email","kind":"automatic","tenant":null,"candidates":[],"dwelling":null,"residence":null,"home":null,"caretaker":null,"caretakers":[],"topic":"automatic","topics":["automatic","other"],"scope":null,"alarm":{"level":"none","raised_by":null,"score":0.002,"limit":0.7,"why_not":null},"priority":"P4","office":null,"queue":null,"rule":"routing.yaml:message-automatique","due":null,"joins":null}','{"source":"old-3","contact":{"channel":"email","at":"2026-11-24T10:03:00+01:00","sender":{"address":"leo@libre.example"},"recipients":[{"address":"contact@bailleur.example"}],"subject":"Absence","new_text":"Absent jusqu''au 3 décembre.","message_id":"m3@libre.example","automatic_signs":[{"kind":"reply","seen":"Auto-Submitted: auto-replied"}]},"match":{},"understanding":{"kind":"automatic","topics":["automatic","other"],"priority":"P4","findings":[{"topic":"automatic","points":0.61,"evidence":[{"name":"topic.word","weight":0.54,"seen":"Absent","span":{"part":"new_text","start":0,"end":6}},{"name":"topic.word","weight":0.26,"seen":"jusqu","span":{"part":"new_text","start":7,"end":12}},{"name":"topic.word","weight":0.17,"seen":"3","span":{"part":"new_text","start":16,"end":17}}]},{"topic":"other","points":-0.69,"evidence":[{"name":"topic.word","weight":0.29,"seen":"Absent","span":{"part":"new_text","start":0,"end":6}}]}],"kind_evidence":[{"name":"kind.structure","weight":2.5,"seen":"Auto-Submitted: auto-replied"}],"by_program":true,"alarm":{"score":0.002,"limit":0.7}},"decision":{"kind":"automatic","priority":"P4","office_id":null,"queue":null,"due":null,"rule":"routing.yaml:message-automatique","rules_version":"aa9f1f78707a","model_version":"4c641afb3b6f","alarm":{"score":0.002,"limit":0.7}},"joining":{"fingerprint":"71747225590467648788556ddb9ec012cef1747200acad8dd87f45e0f2ed8451","writer":{"address":"leo@libre.example"}}}');
INSERT INTO "judgements" VALUES(5,'{"source":"old-5","channel":"email","kind":"case","tenant":{"id":"T000001","probability":0.9978},"candidates":[{"id":"T000001","probability":0.9978},{"id":"T000002","probability":0.0022}],"dwelling":{"id":"L000001","probability":1.0},"residence":{"id":"R001","probability":1.0},"home":null,"caretaker":null,"caretakers":["G001","G002"],"topic":"pests","topics":["pests"],"scope":"dwelling","alarm":{"level":"none","raised_by":null,"score":0.0,"limit":0.7,"why_not":null},"priority":"P3","office":"nord","queue":"nord","rule":"routing.yaml:logement-et-immeuble","due":"2026-11-26T10:35:00+01:00","joins":null}','{"source":"old-5","contact":{"channel":"email","at":"2026-11-24T10:05:00+01:00","sender":{"address":"zoe@libre.example"},"recipients":[{"address":"contact@bailleur.example"}],"subject":"Re: Cafards","new_text":"Toujours des cafards.","message_id":"m5@libre.example","in_reply_to":["m2@libre.example"]},"match":{"candidates":[{"tenant_id":"T000001","dwelling_id":"L000001","residence_id":"R001","probability":0.9978186354618979,"score":48.0,"evidence":[{"name":"email.confirmed","weight":26.0,"seen":"zoe@libre.example","span":{"part":"sender_address","start":0,"end":17},"detail":"Mme Huguette Joly"},{"name":"thread.same_sender","weight":22.0,"seen":"2026-000002","detail":"Mme Huguette Joly"}]},{"tenant_id":"T000002","dwelling_id":"L000001","residence_id":"R001","probability":0.0021813645359806443,"score":32.5,"evidence":[{"name":"account.unsigned","weight":-3.0,"seen":""},{"name":"email.household","weight":20.0,"seen":"zoe@libre.example","span":{"part":"sender_address","start":0,"end":17},"detail":"Mme Huguette Joly"},{"name":"thread.household","weight":16.0,"seen":"2026-000002","detail":"Mme Huguette Joly"}]}],"tenant":{"id":"T000001","probability":0.9978186354618979},"dwelling":{"id":"L000001","probability":0.99996},"residence":{"id":"R001","probability":0.99996},"office_id":"nord","caretakers":[{"id":"G001"},{"id":"G002"}]},"understanding":{"kind":"case","topics":["pests"],"priority":"P3","findings":[{"topic":"pests","points":3.05,"evidence":[{"name":"topic.word","weight":2.4,"seen":"Cafards","span":{"part":"subject","start":4,"end":11}}]}],"scope":"dwelling","scope_evidence":[{"name":"scope.word","weight":0.5,"seen":"Cafards","span":{"part":"subject","start":4,"end":11}}],"alarm":{"score":0.0,"limit":0.7}},"decision":{"kind":"case","priority":"P3","office_id":"nord","queue":"nord","due":"2026-11-26T10:35:00+01:00","rule":"routing.yaml:logement-et-immeuble","rules_version":"aa9f1f78707a","answer":"accuse-reception","model_version":"4c641afb3b6f","alarm":{"score":0.0,"limit":0.7}},"joining":{"linked":["2026-000002"],"why":[{"code":"not_joined","args":{"case":"2026-000002","because":"not_verified"}}],"fingerprint":"11dc0a80dd0f0748f42c6fa03c1f461f0be3038c039543baf806816aa1fa019e","writer":{"address":"zoe@libre.example"}},"by_reference":{"thread":[2],"alike":[],"cases":["2026-000002"],"register":[],"dealings":[{"party":{"tenant_id":"T000001","dwelling_id":"L000001","addresses":["zoe@libre.example"]},"since":"2026-08-24T09:35:00Z","dealings":{"open":["2026-000001","2026-000002"],"contacts":[1,2]}}],"kept":{"confirmed":[{"value":"zoe@libre.example","tenant_id":"T000001"}]}}}');
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
CREATE TABLE legal_holds (
	case_id INTEGER NOT NULL, 
	since DATETIME NOT NULL, 
	who TEXT NOT NULL, 
	why TEXT NOT NULL, 
	CONSTRAINT pk_legal_holds PRIMARY KEY (case_id), 
	CONSTRAINT fk_legal_holds_case_id FOREIGN KEY(case_id) REFERENCES cases (id)
);
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
	told TEXT, mailbox TEXT, safety BOOLEAN DEFAULT 0 NOT NULL, urgency INTEGER DEFAULT '3' NOT NULL, held_since DATETIME, also_to JSON, left_to JSON, 
	CONSTRAINT pk_outbox PRIMARY KEY (id), 
	CONSTRAINT ck_outbox_state CHECK (state IN ('waiting', 'claimed', 'sent', 'refused', 'no_such_address', 'given_up', 'bounced')), 
	CONSTRAINT ck_outbox_kind CHECK (kind IN ('answer', 'reply', 'notice')), 
	CONSTRAINT fk_outbox_case_id FOREIGN KEY(case_id) REFERENCES cases (id), 
	CONSTRAINT uq_outbox_message_id UNIQUE (message_id)
);
CREATE TABLE outbox_files (
	outbox_id INTEGER NOT NULL, 
	place INTEGER NOT NULL, 
	file_id INTEGER, 
	arrival_id INTEGER, 
	sha256 TEXT, 
	name TEXT NOT NULL, 
	media_type TEXT NOT NULL, 
	CONSTRAINT pk_outbox_files PRIMARY KEY (outbox_id, place), 
	CONSTRAINT fk_outbox_files_outbox_id FOREIGN KEY(outbox_id) REFERENCES outbox (id) ON DELETE CASCADE, 
	CONSTRAINT fk_outbox_files_file_id FOREIGN KEY(file_id) REFERENCES files (id), 
	CONSTRAINT fk_outbox_files_arrival_id FOREIGN KEY(arrival_id) REFERENCES arrivals (id)
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
CREATE TABLE recognitions (
	arrival_id INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	asked_at DATETIME NOT NULL, 
	begun_at DATETIME, 
	found JSON, 
	CONSTRAINT pk_recognitions PRIMARY KEY (arrival_id, sha256), 
	CONSTRAINT fk_recognitions_arrival_id FOREIGN KEY(arrival_id) REFERENCES arrivals (id) ON DELETE CASCADE
);
CREATE TABLE recovery_codes (
	account_id INTEGER NOT NULL, 
	digest TEXT NOT NULL, 
	CONSTRAINT pk_recovery_codes PRIMARY KEY (account_id, digest), 
	CONSTRAINT fk_recovery_codes_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE TABLE register_entries (
	id INTEGER NOT NULL, 
	tenant_id TEXT NOT NULL, 
	household BOOLEAN NOT NULL, 
	kind TEXT NOT NULL, 
	value TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	words TEXT NOT NULL, 
	reference TEXT NOT NULL, 
	since DATE NOT NULL, 
	until DATE, 
	entered_at DATETIME NOT NULL, 
	entered_by TEXT NOT NULL, 
	case_number TEXT, 
	ended_at DATETIME, 
	ended_by TEXT, 
	ended_in TEXT, 
	ended_why TEXT, 
	CONSTRAINT pk_register_entries PRIMARY KEY (id), 
	CONSTRAINT ck_register_entries_kind CHECK (kind IN ('protection', 'never', 'reach', 'language', 'sms_consent')), 
	CONSTRAINT ck_register_entries_dates CHECK (until IS NULL OR until >= since)
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
CREATE TABLE restores (
	id INTEGER NOT NULL, 
	backed_up_at DATETIME NOT NULL, 
	restored_at DATETIME NOT NULL, 
	CONSTRAINT pk_restores PRIMARY KEY (id)
);
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
CREATE TABLE second_factors (
	account_id INTEGER NOT NULL, 
	secret TEXT, 
	pending TEXT, 
	confirmed_at DATETIME, 
	last_step BIGINT, 
	CONSTRAINT pk_second_factors PRIMARY KEY (account_id), 
	CONSTRAINT fk_second_factors_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE TABLE sent_marks (
	message_id TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	external_id TEXT NOT NULL, 
	to_digest TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	case_number TEXT NOT NULL, 
	sent_at DATETIME NOT NULL, 
	matched_at DATETIME, 
	CONSTRAINT pk_sent_marks PRIMARY KEY (message_id, channel, external_id)
);
CREATE TABLE shared_contacts (
	case_id INTEGER NOT NULL, 
	contact_id INTEGER NOT NULL, 
	CONSTRAINT pk_shared_contacts PRIMARY KEY (case_id, contact_id), 
	CONSTRAINT fk_shared_contacts_case_id FOREIGN KEY(case_id) REFERENCES cases (id), 
	CONSTRAINT fk_shared_contacts_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id) ON DELETE CASCADE
);
CREATE TABLE signing_keys (
	id INTEGER NOT NULL, 
	"key" BLOB NOT NULL, 
	CONSTRAINT pk_signing_keys PRIMARY KEY (id)
);
INSERT INTO "signing_keys" VALUES(1,X'2424EAB5D7A5A0554DBE85B07E7662B9FEE680BA1E5059E144072C2B5BC2FD0F');
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
CREATE TABLE unsure_arrivals (
	arrival_id INTEGER NOT NULL, 
	CONSTRAINT pk_unsure_arrivals PRIMARY KEY (arrival_id), 
	CONSTRAINT fk_unsure_arrivals_arrival_id FOREIGN KEY(arrival_id) REFERENCES arrivals (id) ON DELETE CASCADE
);
CREATE TABLE writers (
	case_id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	until DATETIME NOT NULL, 
	CONSTRAINT pk_writers PRIMARY KEY (case_id, account_id), 
	CONSTRAINT fk_writers_case_id FOREIGN KEY(case_id) REFERENCES cases (id), 
	CONSTRAINT fk_writers_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE INDEX ix_arrivals_state ON arrivals (state, id) WHERE state <> 'judged';
CREATE INDEX ix_cases_dwelling_id ON cases (dwelling_id);
CREATE INDEX ix_cases_tenant_id ON cases (tenant_id);
CREATE INDEX ix_contacts_case_id ON contacts (case_id);
CREATE INDEX ix_contacts_message_id ON contacts (message_id);
CREATE INDEX ix_events_arrival_id ON events (arrival_id);
CREATE INDEX ix_events_case_id ON events (case_id);
CREATE INDEX ix_cases_residence_open ON cases (residence_id) WHERE state = 'open';
CREATE INDEX ix_case_links_other_id ON case_links (other_id);
CREATE INDEX ix_contacts_sender ON contacts (sender_address, at) WHERE sender_address <> '';
CREATE INDEX ix_contacts_phone_key ON contacts (phone_key, at) WHERE phone_key IS NOT NULL;
CREATE INDEX ix_contacts_tenant_id ON contacts (tenant_id, at) WHERE tenant_id IS NOT NULL;
CREATE INDEX ix_contacts_dwelling_id ON contacts (dwelling_id, at) WHERE dwelling_id IS NOT NULL;
CREATE INDEX ix_contacts_residence_id ON contacts (residence_id, at) WHERE residence_id IS NOT NULL;
CREATE INDEX ix_outbox_case_id ON outbox (case_id);
CREATE INDEX ix_outbox_answers_at ON outbox (created_at) WHERE kind = 'answer';
CREATE UNIQUE INDEX ix_outbox_once ON outbox (case_id, kind, reason) WHERE kind <> 'reply';
CREATE INDEX ix_contacts_fingerprint ON contacts (fingerprint, at) WHERE fingerprint IS NOT NULL;
CREATE INDEX ix_arrivals_waiting ON arrivals (received_at, id) WHERE state = 'waiting' AND NOT in_turn;
CREATE INDEX ix_arrivals_in_turn ON arrivals (id) WHERE in_turn AND state IN ('waiting', 'claimed');
CREATE UNIQUE INDEX uq_cases_call_back ON cases (party) WHERE state = 'open' AND party IS NOT NULL;
CREATE INDEX ix_contacts_party ON contacts (party, at) WHERE party IS NOT NULL;
CREATE INDEX ix_log_lines_at ON log_lines (channel, at);
CREATE INDEX ix_timers_waiting ON timers (at, id) WHERE state = 'waiting';
CREATE INDEX ix_desk_sessions_account_id ON desk_sessions (account_id);
CREATE INDEX ix_audit_trail_subject ON audit_trail (subject, id);
CREATE INDEX ix_audit_trail_who ON audit_trail (who, id);
CREATE INDEX ix_appointments_case_id ON appointments (case_id);
CREATE INDEX ix_cases_incident ON cases (topic, residence_id, opened_at) WHERE state = 'open' AND residence_id IS NOT NULL;
CREATE INDEX ix_desk_devices_account_id ON desk_devices (account_id);
CREATE INDEX ix_outbox_answers_mailbox ON outbox (mailbox, created_at) WHERE kind = 'answer';
CREATE INDEX ix_confirmed_contacts_tenant_id ON confirmed_contacts (tenant_id);
CREATE INDEX ix_outbox_at_work ON outbox (urgency, id) WHERE state IN ('waiting', 'claimed');
CREATE INDEX ix_cases_open ON cases (queue, alarm_level, priority, due, opened_at, number, waiting_until) WHERE state = 'open';
CREATE INDEX ix_cases_open_topic ON cases (queue, topic, alarm_level, priority, due, opened_at, number) WHERE state = 'open';
CREATE INDEX ix_cases_open_residence ON cases (queue, residence_id, alarm_level, priority, due, opened_at, number) WHERE state = 'open';
CREATE INDEX ix_cases_owned ON cases (owner, alarm_level, priority, due, opened_at, number) WHERE state = 'open' AND owner IS NOT NULL;
CREATE INDEX ix_alarm_labels_case_id ON alarm_labels (case_id);
CREATE INDEX ix_alarm_labels_at ON alarm_labels (at);
CREATE INDEX ix_register_entries_tenant_id ON register_entries (tenant_id);
CREATE INDEX ix_register_entries_key ON register_entries (kind, "key") WHERE ended_at IS NULL;
CREATE INDEX ix_arrivals_danger ON arrivals (danger_score DESC, id) WHERE state = 'waiting' AND danger_score > 0;
CREATE INDEX ix_sent_marks_to_digest ON sent_marks (to_digest, kind);
CREATE INDEX ix_files_draft_id ON files (draft_id);
CREATE INDEX ix_files_case_id ON files (case_id);
CREATE INDEX ix_files_arrival_id ON files (arrival_id);
CREATE INDEX ix_cases_due ON cases (due);
CREATE INDEX ix_imported_arrivals_import_id ON imported_arrivals (import_id);
CREATE INDEX ix_canned_answers_name ON canned_answers (name, id);
CREATE INDEX ix_shared_contacts_contact_id ON shared_contacts (contact_id);
CREATE INDEX ix_recognitions_sha256 ON recognitions (sha256);
CREATE INDEX ix_recognitions_asked_at ON recognitions (asked_at) WHERE found IS NULL;
CREATE INDEX ix_act_keys_at ON act_keys (at);
CREATE INDEX ix_accounts_email ON accounts (email);
CREATE INDEX ix_account_identities_account_id ON account_identities (account_id);
CREATE INDEX ix_drafts_saved_at ON drafts (saved_at);
CREATE INDEX ix_ended_writings_at ON ended_writings (at);
CREATE INDEX ix_cases_opened_at ON cases (opened_at, id, closed_at, due, state, priority, office_id, residence_id, topic);
CREATE INDEX ix_cases_residence_id ON cases (residence_id, opened_at);
CREATE INDEX ix_events_what ON events (what, at, case_id);
CREATE INDEX ix_contacts_called ON contacts (at, case_id, outcome) WHERE outcome IS NOT NULL;
CREATE INDEX ix_events_moves ON events (case_id, at) WHERE json_extract(data, '$.changed.office_id[1]') IS NOT NULL OR json_extract(data, '$.restored.office_id[1]') IS NOT NULL;
CREATE INDEX ix_events_cries ON events (case_id, at) WHERE json_extract(data, '$.alarm') = 'certain' OR json_extract(data, '$.changed.alarm_level[1]') = 'certain';
CREATE INDEX ix_events_openings ON events (case_id, at) WHERE json_extract(data, '$.state') = 'open' OR json_extract(data, '$.changed.state[1]') = 'open' OR json_extract(data, '$.restored.state[1]') = 'open';
CREATE INDEX ix_events_corrections ON events (what, case_id) WHERE what IN ('priority', 'tenant', 'topic');
CREATE INDEX ix_sent_marks_case_number ON sent_marks (case_number);
CREATE INDEX ix_sent_marks_external_id ON sent_marks (external_id, channel);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',5);
COMMIT;
