-- Up Migration

-- Terms have calling hours in a second form, holidays, and a time zone of the daily cap.
update campaigns
   set spec = '{"calling_hours": null, "holidays": null, "day_timezone": null}' || spec
 where not spec ? 'calling_hours';
